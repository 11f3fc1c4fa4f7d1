package io.fairlead.runtime.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.tls.Guard;
import io.fairlead.runtime.process.testing.JavaProcess;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    private record Until(CountDownLatch first, CountDownLatch end) implements StreamObserver<StreamRoutesResponse> {
        @Override
        public void onNext(StreamRoutesResponse response) {
            first.countDown();
        }

        @Override
        public void onError(Throwable cause) {
            end.countDown();
        }

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
    void thePauseGrowsWithTheClientsUpToHalfASecond() {
        assertThat(Beats.pause(0)).isEqualTo(Duration.ofMillis(250));
        assertThat(Beats.pause(500)).isEqualTo(Duration.ofMillis(250));
        assertThat(Beats.pause(501)).isEqualTo(Duration.ofMillis(250));
        assertThat(Beats.pause(700)).isEqualTo(Duration.ofMillis(350));
        assertThat(Beats.pause(1000)).isEqualTo(Duration.ofMillis(500));
        assertThat(Beats.pause(5000)).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void whatAServerSaysIsTakenWithinBounds() {
        assertThat(Beats.said(new Metadata())).isEmpty();
        for (String broken : List.of("", "-1", "1.5", "soon", "99999999999999999999")) {
            assertThat(Beats.said(headers(broken))).as(broken).isEmpty();
        }
        assertThat(Beats.said(headers("0"))).contains(Duration.ofMillis(250));
        assertThat(Beats.said(headers("400"))).contains(Duration.ofMillis(400));
        assertThat(Beats.said(headers("999999999"))).contains(Duration.ofMillis(500));
    }

    @Test
    void aServerCountsWhoIsConnected() throws Exception {
        Beats beats = new Beats(800 - 1);
        HostPort address = serve(beats);
        Replica replica = new Replica(address, 1, connect(address));
        assertThat(asked(replica)).isTrue();
        assertThat(replica.pause()).isEqualTo(Duration.ofMillis(400));
        replica.channel().shutdownNow();
        Replica another = new Replica(address, 1, connect(address));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        do {
            assertThat(System.nanoTime()).as("the first is no longer counted").isLessThan(deadline);
            assertThat(asked(another)).isTrue();
        } while (!another.pause().equals(Duration.ofMillis(400)));
    }

    @Test
    void aClientOfManyAsksLessOften() throws Exception {
        int few = questions(new Beats(0), Duration.ofMillis(1_900));
        int many = questions(new Beats(10_000), Duration.ofMillis(1_900));
        assertThat(few).isBetween(5, 10);
        assertThat(many).isBetween(2, 5);
    }

    /** It asks for the longest pause, and is stopped at several moments between two questions. */
    @Test
    void aServerOfManyThatIsStoppedIsLeftWithinASecond(@TempDir Path directory) throws Exception {
        Path log = directory.resolve("server.log");
        Process process = JavaProcess.start(BusyServer.class, log, List.of());
        resources.add(process::destroyForcibly);
        HostPort busy = new HostPort("127.0.0.1", port(log));
        HostPort other = serve(new Beats(10_000));
        Replica warm = new Replica(busy, 1, connect(busy));
        for (int i = 0; i < 50; i++) {
            assertThat(asked(warm)).isTrue();
        }
        for (int phase = 0; phase < 5; phase++) {
            ReplicaChannel channel = Channels.replicas(List.of(busy, other), "", DEADLINE);
            resources.add(channel::shutdownNow);
            Until stream = new Until(new CountDownLatch(1), new CountDownLatch(1));
            var unused = RouteServiceGrpc.newStub(channel).streamRoutes(stream);
            assertThat(stream.first().await(5, TimeUnit.SECONDS)).isTrue();
            TimeUnit.MILLISECONDS.sleep(1_000 + phase * 100L);
            signal("STOP", process.pid());
            long began = System.nanoTime();
            assertThat(stream.end().await(5, TimeUnit.SECONDS)).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .as("phase %s", phase)
                    .isLessThan(Duration.ofSeconds(1));
            assertThat(channel.inUse().number()).isEqualTo(2);
            signal("CONT", process.pid());
            assertThat(asked(warm)).isTrue();
        }
    }

    /** A replica with ten thousand clients; says its port. */
    static final class BusyServer {
        public static void main(String[] arguments) throws Exception {
            GrpcServer server =
                    GrpcServer.start(new HostPort("127.0.0.1", 0), Guard.open(), new Beats(10_000), new Silent());
            System.out.println("port " + server.port());
            TimeUnit.MINUTES.sleep(2);
        }
    }

    private static int port(Path log) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            for (String line : Files.readAllLines(log)) {
                if (line.startsWith("port ")) {
                    return Integer.parseInt(line.substring("port ".length()));
                }
            }
            assertThat(System.nanoTime()).as("%s", log).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static void signal(String name, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, String.valueOf(pid))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** How often a client with an open stream asks. */
    private int questions(Beats beats, Duration within) throws Exception {
        ReplicaChannel channel = Channels.replicas(List.of(serve(beats), serve(new Beats())), "", DEADLINE);
        resources.add(channel::shutdownNow);
        CountDownLatch open = new CountDownLatch(1);
        var unused = RouteServiceGrpc.newStub(channel).streamRoutes(new Until(open, new CountDownLatch(1)));
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
