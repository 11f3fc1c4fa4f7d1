package io.fairlead.runtime.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.FailureKind;
import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.runtime.config.HostPort;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class GrpcServerTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    /** Answers with a version, or never. */
    private record Answering(boolean answers) implements RouteServiceGrpc.AsyncService, BindableService {
        @Override
        public io.grpc.ServerServiceDefinition bindService() {
            return RouteServiceGrpc.bindService(this);
        }

        @Override
        public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> observer) {
            if (answers) {
                observer.onNext(ListRoutesResponse.newBuilder().setVersion(7).build());
                observer.onCompleted();
            }
        }
    }

    @Test
    void aCallOverTcpIsAnswered() throws Exception {
        GrpcServer server = GrpcServer.start(new HostPort("127.0.0.1", 0), new Answering(true));
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), DEADLINE);
        assertThat(list(channel).getVersion()).isEqualTo(7);
        end(channel, server);
    }

    @Test
    void aServerThatIsNotThereIsNamedWithTheReason() throws Exception {
        int port;
        try (ServerSocketChannel free = ServerSocketChannel.open()) {
            free.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            port = ((InetSocketAddress) free.getLocalAddress()).getPort();
        }
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", port), DEADLINE);
        assertThatThrownBy(() -> list(channel))
                .satisfies(failure -> assertThat(Statuses.text(failure))
                        .startsWith("UNAVAILABLE: ")
                        .contains("Connection refused", ":" + port));
        assertThat(Statuses.text(
                        Status.NOT_FOUND.withDescription("no such node").asRuntimeException()))
                .isEqualTo("NOT_FOUND: no such node");
        assertThat(Statuses.text(new IOException("disk full"))).isEqualTo("disk full");
        channel.shutdownNow();
    }

    /** gRPC's own back-off makes the eighth attempt after half a minute. */
    @Test
    @Timeout(15)
    void aServerThatWasAwayForLongIsTriedAgainSoon() throws Exception {
        try (ServerSocketChannel refusing = ServerSocketChannel.open()) {
            refusing.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = ((InetSocketAddress) refusing.getLocalAddress()).getPort();
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .build();
            Channels.reconnecting(channel, Duration.ofMillis(50)).getState(true);
            for (int attempt = 1; attempt <= 8; attempt++) {
                refusing.accept().close();
            }
            channel.shutdownNow();
            assertThat(channel.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aCallOverAUnixSocketIsAnswered(@TempDir Path dir) throws Exception {
        Path socket = dir.resolve("agent.sock");
        GrpcServer server = GrpcServer.startUnix(socket, new Answering(true));
        ManagedChannel channel = Channels.unix(socket, DEADLINE);
        assertThat(list(channel).getVersion()).isEqualTo(7);
        end(channel, server);
        assertThat(socket).doesNotExist();
    }

    @Test
    void aStaleSocketIsReplacedAndALiveOneIsNot(@TempDir Path dir) throws Exception {
        Path socket = dir.resolve("agent.sock");
        try (ServerSocketChannel old = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            old.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(Files.exists(socket)).isTrue();
        GrpcServer server = GrpcServer.startUnix(socket, new Answering(true));
        assertThatThrownBy(() -> GrpcServer.startUnix(socket, new Answering(true)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(socket.toString());
        server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        GrpcServer server = GrpcServer.start(new HostPort("127.0.0.1", 0), new Answering(true));
        assertThatThrownBy(() -> GrpcServer.start(new HostPort("127.0.0.1", server.port()), new Answering(true)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot listen: 127.0.0.1:" + server.port());
        server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void callsFailAtOnceWithoutServerAndByDeadlineWithASilentOne() throws Exception {
        GrpcServer server = GrpcServer.start(new HostPort("127.0.0.1", 0), new Answering(false));
        HostPort address = new HostPort("127.0.0.1", server.port());
        ManagedChannel channel = Channels.tcp(address, Duration.ofMillis(200));
        assertThat(failure(channel).getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        end(channel, server);
        ManagedChannel nobody = Channels.tcp(address, Duration.ofSeconds(30));
        assertThat(failure(nobody).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        nobody.shutdownNow();
    }

    @Test
    void aLongDescriptionArrivesWithoutItsMiddle() throws Exception {
        String description = "node name: \"" + "é".repeat(20_000) + "\" (expected: a short one)";
        RouteServiceGrpc.AsyncService refusing = new RouteServiceGrpc.AsyncService() {
            @Override
            public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> observer) {
                observer.onError(
                        Status.INVALID_ARGUMENT.withDescription(description).asRuntimeException());
            }
        };
        GrpcServer server =
                GrpcServer.start(new HostPort("127.0.0.1", 0), () -> RouteServiceGrpc.bindService(refusing));
        ManagedChannel channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), DEADLINE);
        Status failure = failure(channel);
        assertThat(failure.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(failure.getDescription())
                .startsWith("node name: \"é")
                .endsWith("(expected: a short one)")
                .hasSize(ShortDescriptions.MOST);
        end(channel, server);
    }

    @Test
    void failuresBecomeStatusesAndBack() {
        Statuses statuses = new Statuses(t -> t instanceof IllegalStateException
                ? Optional.of(FailureKind.valueOf(t.getMessage()))
                : Optional.empty());
        for (FailureKind kind : FailureKind.values()) {
            Status status =
                    statuses.toStatus(new IllegalStateException(kind.name())).getStatus();
            assertThat(Statuses.kindOf(status)).isEqualTo(kind);
            assertThat(status.getDescription()).isEqualTo(kind.name());
        }
        assertThat(statuses.toStatus(new IllegalArgumentException("bad"))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(statuses.toStatus(new NullPointerException("x")).getStatus().getCode())
                .isEqualTo(Status.Code.INTERNAL);
        assertThat(statuses.toStatus(Status.NOT_FOUND.asException()).getStatus().getCode())
                .isEqualTo(Status.Code.NOT_FOUND);
    }

    private static ListRoutesResponse list(ManagedChannel channel) {
        return RouteServiceGrpc.newBlockingStub(channel).listRoutes(ListRoutesRequest.getDefaultInstance());
    }

    private static Status failure(ManagedChannel channel) {
        try {
            list(channel);
            throw new AssertionError("the call succeeded");
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    private static void end(ManagedChannel channel, GrpcServer server) throws Exception {
        channel.shutdownNow();
        server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
