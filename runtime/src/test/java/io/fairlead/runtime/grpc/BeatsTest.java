package io.fairlead.runtime.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.tls.Guard;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BeatsTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final Metadata.Key<String> PAUSE =
            Metadata.Key.of("fairlead-pause-ms", Metadata.ASCII_STRING_MARSHALLER);

    private final List<AutoCloseable> resources = new ArrayList<>();

    /** One stream that stays open and says nothing more, and questions it never answers. */
    private static final class Silent implements RouteServiceGrpc.AsyncService, BindableService {
        @Override
        public ServerServiceDefinition bindService() {
            return RouteServiceGrpc.bindService(this);
        }

        @Override
        public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> observer) {}

        @Override
        public StreamObserver<StreamRoutesRequest> streamRoutes(StreamObserver<StreamRoutesResponse> observer) {
            observer.onNext(StreamRoutesResponse.newBuilder().setVersion(1).build());
            return new Ignored<>();
        }
    }

    private static final class Ignored<T> implements StreamObserver<T> {
        @Override
        public void onNext(T message) {}

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}
    }

    private record Until(CountDownLatch first) implements StreamObserver<StreamRoutesResponse> {
        @Override
        public void onNext(StreamRoutesResponse response) {
            first.countDown();
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}
    }

    @AfterEach
    void end() throws Exception {
        for (int i = resources.size() - 1; i >= 0; i--) {
            resources.get(i).close();
        }
    }

    @Test
    void thePauseGrowsWithTheClientsUpToTwoSeconds() {
        assertThat(Beats.pause(0)).isEqualTo(Duration.ofMillis(250));
        assertThat(Beats.pause(500)).isEqualTo(Duration.ofMillis(250));
        assertThat(Beats.pause(501)).isEqualTo(Duration.ofMillis(250));
        assertThat(Beats.pause(2500)).isEqualTo(Duration.ofMillis(1250));
        assertThat(Beats.pause(4000)).isEqualTo(Duration.ofSeconds(2));
        assertThat(Beats.pause(5000)).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void whatAServerSaysIsTakenWithinBounds() {
        assertThat(Beats.said(new Metadata())).isEmpty();
        for (String broken : List.of("", "-1", "1.5", "soon", "99999999999999999999")) {
            assertThat(Beats.said(headers(broken))).as(broken).isEmpty();
        }
        assertThat(Beats.said(headers("0"))).contains(Duration.ofMillis(250));
        assertThat(Beats.said(headers("700"))).contains(Duration.ofMillis(700));
        assertThat(Beats.said(headers("999999999"))).contains(Duration.ofSeconds(2));
    }

    @Test
    void aServerCountsWhoIsConnected() throws Exception {
        Beats beats = new Beats(4 * 500 - 1);
        HostPort address = serve(beats);
        Replica replica = new Replica(address, 1, connect(address));
        assertThat(asked(replica)).isTrue();
        assertThat(replica.pause()).isEqualTo(Duration.ofSeconds(1));
        replica.channel().shutdownNow();
        Replica another = new Replica(address, 1, connect(address));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        do {
            assertThat(System.nanoTime()).as("the first is no longer counted").isLessThan(deadline);
            assertThat(asked(another)).isTrue();
        } while (!another.pause().equals(Duration.ofSeconds(1)));
    }

    @Test
    void aClientOfManyAsksLessOften() throws Exception {
        int few = questions(new Beats(0), Duration.ofMillis(1_900));
        int many = questions(new Beats(10_000), Duration.ofMillis(1_900));
        assertThat(few).isBetween(5, 10);
        // the first says how long to wait: 1.5 to 2 s
        assertThat(many).isBetween(1, 2);
    }

    /** How often a client with an open stream asks. */
    private int questions(Beats beats, Duration within) throws Exception {
        ReplicaChannel channel = Channels.replicas(List.of(serve(beats), serve(new Beats())), "", DEADLINE);
        resources.add(channel::shutdownNow);
        CountDownLatch open = new CountDownLatch(1);
        var unused = RouteServiceGrpc.newStub(channel).streamRoutes(new Until(open));
        assertThat(open.await(5, TimeUnit.SECONDS)).isTrue();
        TimeUnit.NANOSECONDS.sleep(within.toNanos());
        return beats.questions();
    }

    private static boolean asked(Replica replica) throws InterruptedException {
        LinkedBlockingQueue<Boolean> answers = new LinkedBlockingQueue<>();
        replica.check(DEADLINE, answers::add);
        return Boolean.TRUE.equals(answers.poll(10, TimeUnit.SECONDS));
    }

    private HostPort serve(Beats beats) throws IOException {
        GrpcServer server = GrpcServer.start(new HostPort("127.0.0.1", 0), Guard.open(), beats, new Silent());
        resources.add(
                () -> server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS));
        return new HostPort("127.0.0.1", server.port());
    }

    private ManagedChannel connect(HostPort address) {
        ManagedChannel channel = Channels.tcp(address, DEADLINE);
        resources.add(channel::shutdownNow);
        return channel;
    }

    private static Metadata headers(String pause) {
        Metadata headers = new Metadata();
        headers.put(PAUSE, pause);
        return headers;
    }
}
