package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fairlead.contract.FailureKind;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs no server: options, wording of the status, meaning of failures. */
final class EtcdOptionsTest {
    @Test
    void endpointsAreTakenWithAndWithoutScheme() {
        assertThat(EtcdOptions.parse("127.0.0.1:2379, http://etcd-1.example:2379/,[fd00::1]:2379")
                        .endpoints())
                .containsExactly("127.0.0.1:2379", "etcd-1.example:2379", "[fd00::1]:2379");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ",",
                "127.0.0.1",
                "127.0.0.1:",
                ":2379",
                "127.0.0.1:0",
                "127.0.0.1:65536",
                "127.0.0.1:x",
                "ftp://127.0.0.1:2379",
                "http://http://a:1",
                "127.0.0.1:2379/path",
                "user@host:2379",
                "a b:2379",
                "fd00::1:2379",
                "127.0.0.1:2379,",
                "127.0.0.1:99999999999"
            })
    void whatIsNoEndpointIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EtcdOptions.parse(text))
                .withMessageStartingWith("etcd endpoint: \"")
                .withMessageContaining("expected: host:port");
    }

    @Test
    void senselessLimitsAreRefused() {
        List<String> some = List.of("127.0.0.1:2379");
        assertThatIllegalArgumentException().isThrownBy(() -> EtcdOptions.of(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new EtcdOptions(some, Duration.ZERO, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new EtcdOptions(some, Duration.ofSeconds(1), 0));
    }

    @Test
    void lostQuorumIsWordedAsCiliumDoes() {
        List<StatusCheck.Answer> one = List.of(new StatusCheck.Answer(true, "http://a:1 - 3.4.23"));
        assertThat(StatusCheck.word(one, "no leader", 1).text())
                .isEqualTo("etcd: 1/1 connected, has-quorum=no leader, consecutive-errors=1: http://a:1 - 3.4.23");
        assertThat(StatusCheck.word(one, "no leader", 2).text())
                .isEqualTo("Err: quorum check failed 2 times in a row: no leader");
        assertThat(StatusCheck.word(one, "no leader", 1).healthy()).isFalse();
    }

    @Test
    void failuresSayWhatToDoNext() {
        assertThat(kind(Status.UNAVAILABLE)).isEqualTo(FailureKind.RETRY);
        assertThat(kind(Status.DEADLINE_EXCEEDED)).isEqualTo(FailureKind.RETRY);
        // what a connection that dies under a call looks like now and then
        assertThat(kind(Status.UNKNOWN.withDescription("channel closed"))).isEqualTo(FailureKind.RETRY);
        assertThat(kind(Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests")))
                .isEqualTo(FailureKind.RETRY);
        assertThat(kind(Status.RESOURCE_EXHAUSTED.withDescription("gRPC message exceeds maximum size 67108864: 7")))
                .isEqualTo(FailureKind.GIVE_UP);
        assertThat(kind(Status.OUT_OF_RANGE)).isEqualTo(FailureKind.RESYNC);
        assertThat(kind(Status.INVALID_ARGUMENT)).isEqualTo(FailureKind.GIVE_UP);
    }

    private static FailureKind kind(Status status) {
        return Failures.of("test", status.asRuntimeException()).kind();
    }

    @Test
    void waitingTimesGrowToACap() {
        for (int run = 0; run < 100; run++) {
            Backoff backoff = new Backoff(50, 2000);
            for (long step : new long[] {50, 100, 200, 400, 800, 1600, 2000, 2000, 2000}) {
                assertThat(backoff.nextMillis()).isBetween(step / 2, step);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(backoff.nextMillis()).isBetween(1000L, 2000L);
            }
            backoff.reset();
            assertThat(backoff.nextMillis()).isBetween(25L, 50L);
        }
    }
}
