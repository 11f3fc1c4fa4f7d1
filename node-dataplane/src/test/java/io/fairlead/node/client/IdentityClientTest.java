package io.fairlead.node.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.node.Served;
import io.fairlead.node.endpoint.EndpointException;
import io.fairlead.node.endpoint.EndpointException.Reason;
import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.AllocateIdentityResponse;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentityClientTest {
    private static final NodeName NODE = new NodeName("dev1");
    private static final Ip ADDRESS = Ip.parse("192.168.2.31");

    @TempDir
    private Path directory;

    private final Service service = new Service();
    private Served served;

    private static final class Service extends IdentityServiceGrpc.IdentityServiceImplBase {
        final List<String> asked = new CopyOnWriteArrayList<>();
        volatile Optional<Status> fails = Optional.empty();
        volatile boolean silent;

        @Override
        public void allocateIdentity(AllocateIdentityRequest request, StreamObserver<AllocateIdentityResponse> to) {
            asked.add(request.getNodeName() + " " + request.getLabelsList());
            answer(to, AllocateIdentityResponse.newBuilder().setIdentity(300).build());
        }

        @Override
        public void withdrawEndpoint(WithdrawEndpointRequest request, StreamObserver<WithdrawEndpointResponse> to) {
            asked.add(request.getIp() + " of " + request.getHostIp());
            answer(to, WithdrawEndpointResponse.getDefaultInstance());
        }

        private <T> void answer(StreamObserver<T> to, T response) {
            if (silent) {
                return;
            }
            if (fails.isPresent()) {
                to.onError(fails.get().asRuntimeException());
                return;
            }
            to.onNext(response);
            to.onCompleted();
        }
    }

    @BeforeEach
    void serve() throws Exception {
        served = new Served(directory, service);
    }

    @AfterEach
    void stop() throws Exception {
        served.close();
    }

    @Test
    void asksInTheNodesName() {
        IdentityClient client = client(Duration.ofSeconds(5));
        assertThat(client.identityFor(Labels.of(List.of()))).isEqualTo(new IdentityId(300));
        client.withdraw(Ip.parse("10.244.1.7"));
        assertThat(service.asked).containsExactly("dev1 []", "10.244.1.7 of 192.168.2.31");
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_ARGUMENT, REFUSED",
        "NOT_FOUND, LOST",
        "ABORTED, BUSY",
        "UNAVAILABLE, UNAVAILABLE",
        "RESOURCE_EXHAUSTED, UNAVAILABLE",
        "INTERNAL, UNAVAILABLE"
    })
    void whatItSaysDecidesWhatComesNext(Status.Code said, Reason reason) {
        service.fails = Optional.of(Status.fromCode(said).withDescription("because"));
        assertThatThrownBy(() -> client(Duration.ofSeconds(5)).withdraw(Ip.parse("10.244.1.7")))
                .isInstanceOfSatisfying(
                        EndpointException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining("withdrawal of 10.244.1.7")
                .hasMessageContaining("because");
    }

    @Test
    void aSilentServiceIsWaitedForUntilTheDeadlineOnly() {
        service.silent = true;
        assertThatThrownBy(() -> client(Duration.ofMillis(200)).identityFor(Labels.of(List.of())))
                .isInstanceOfSatisfying(
                        EndpointException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE))
                .hasMessageContaining("the identity service does not answer: DEADLINE_EXCEEDED");
    }

    @Test
    void aServiceThatIsGoneIsSaidToBe() throws Exception {
        served.close();
        IdentityClient client = client(Duration.ofSeconds(5));
        assertThatThrownBy(() -> client.identityFor(Labels.of(List.of())))
                .hasMessageContaining("does not answer")
                .isInstanceOf(EndpointException.class);
    }

    private IdentityClient client(Duration deadline) {
        return new IdentityClient(NODE, ADDRESS, IdentityServiceGrpc.newBlockingStub(served.channel()), deadline);
    }
}
