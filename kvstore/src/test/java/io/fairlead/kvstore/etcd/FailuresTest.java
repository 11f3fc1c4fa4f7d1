package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.grpc.Status;
import org.junit.jupiter.api.Test;

final class FailuresTest {
    @Test
    void onlyTheFirstLineOfWhatGrpcSaysIsRepeated() {
        KvException failure = Failures.of(
                "commit",
                Status.UNAVAILABLE
                        .withDescription("connection closed\n  at io.netty.Some.frame\r\n  at another")
                        .asRuntimeException());
        assertThat(failure).hasMessage("commit: UNAVAILABLE connection closed");
        assertThat(Failures.of("get a", Status.UNAVAILABLE.withDescription("\n").asRuntimeException()))
                .hasMessage("get a: UNAVAILABLE ");
        assertThat(Failures.of("get a", Status.ABORTED.asRuntimeException())).hasMessage("get a: ABORTED");
    }

    @Test
    void aRequestTheServerFindsTooLargeIsNotTriedAgain() {
        assertThat(kind("grpc: received message larger than max (3000236 vs. 2097152)"))
                .isEqualTo(FailureKind.GIVE_UP);
        assertThat(kind("gRPC message exceeds maximum size 67108864: 70000000")).isEqualTo(FailureKind.GIVE_UP);
        assertThat(kind("etcdserver: too many requests")).isEqualTo(FailureKind.RETRY);
    }

    private static FailureKind kind(String description) {
        return Failures.of(
                        "commit",
                        Status.RESOURCE_EXHAUSTED.withDescription(description).asRuntimeException())
                .kind();
    }
}
