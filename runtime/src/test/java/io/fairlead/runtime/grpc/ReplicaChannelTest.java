package io.fairlead.runtime.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.fairlead.proto.route.v1.ListRoutesRequest;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.config.HostPort;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ReplicaChannelTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final List<Service> services = new ArrayList<>();
    private final List<GrpcServer> servers = new ArrayList<>();
    private final List<Wire> wires = new ArrayList<>();
    private ReplicaChannel channel;

    /** Says which replica it is; its streams stay open. */
    private static final class Service implements RouteServiceGrpc.AsyncService, BindableService {
        private final int number;
        private volatile Status refusal = Status.OK;
        private final AtomicInteger asked = new AtomicInteger();

        Service(int number) {
            this.number = number;
        }

        @Override
        public ServerServiceDefinition bindService() {
            return RouteServiceGrpc.bindService(this);
        }

        @Override
        public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> observer) {
            asked.incrementAndGet();
            if (!refusal.isOk()) {
                observer.onError(refusal.asRuntimeException());
                return;
            }
            observer.onNext(ListRoutesResponse.newBuilder().setVersion(number).build());
            observer.onCompleted();
        }

        @Override
        public StreamObserver<StreamRoutesRequest> streamRoutes(StreamObserver<StreamRoutesResponse> observer) {
            observer.onNext(StreamRoutesResponse.newBuilder().setVersion(number).build());
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamRoutesRequest request) {}

                @Override
                public void onError(Throwable cause) {}

                @Override
                public void onCompleted() {
                    observer.onCompleted();
                }
            };
        }
    }

    @BeforeEach
    void twoReplicas() throws IOException {
        for (int number = 1; number <= 2; number++) {
            Service service = new Service(number);
            GrpcServer server = GrpcServer.start(new HostPort("127.0.0.1", 0), service);
            services.add(service);
            servers.add(server);
            wires.add(new Wire(server.port()));
        }
        channel = Channels.replicas(addresses(), "", DEADLINE);
    }

    @AfterEach
    void end() throws Exception {
        channel.shutdownNow();
        for (Wire wire : wires) {
            wire.close();
        }
        for (GrpcServer server : servers) {
            server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aQuestionGoesToTheFirstAndToTheNextWhenItIsAway() throws Exception {
        assertThat(ask()).isEqualTo(1);
        assertThat(channel.inUse()).hasToString(wires.get(0).address() + " (1 of 2)");
        wires.get(0).cut();
        assertThat(ask()).isEqualTo(2);
        await("moved", () -> channel.inUse().number() == 2);
    }

    /** As machines that are restarted one after the other: gRPC still remembers the first as away. */
    @Test
    void oneThatIsBackIsAskedWhenTheNextGoesAway() throws Exception {
        assertThat(ask()).isEqualTo(1);
        wires.get(0).cut();
        assertThat(ask()).isEqualTo(2);
        await("moved", () -> channel.inUse().number() == 2);
        assertThat(ask()).isEqualTo(2);
        wires.get(0).mend();
        wires.get(1).cut();
        assertThat(ask()).isEqualTo(1);
    }

    /** New calls go to one that came back only just, and the other has gone. */
    @Test
    void oneThatIsBackIsAskedAgainWhenNobodyElseAnswers() throws Exception {
        assertThat(ask()).isEqualTo(1);
        wires.get(0).cut();
        wires.get(1).cut();
        assertThatThrownBy(this::ask).isInstanceOf(StatusRuntimeException.class);
        int first = channel.inUse().number();
        wires.get(first - 1).mend();
        assertThat(ask()).isEqualTo(first);
    }

    @Test
    void aQuestionUnderWayGoesElsewhereWithinASecondWhenItsReplicaFallsSilent() {
        assertThat(ask()).isEqualTo(1);
        wires.get(0).silent(true);
        long began = System.nanoTime();
        assertThat(ask()).isEqualTo(2);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LIMIT);
    }

    @Test
    void aStreamEndsWithinASecondWhenItsReplicaFallsSilentAndTheNextIsOpenedElsewhere() throws Exception {
        Observed first = stream();
        assertThat(first.version()).isEqualTo(1);
        wires.get(0).silent(true);
        long began = System.nanoTime();
        assertThat(first.end()).isEqualTo("UNAVAILABLE: replica " + wires.get(0).address() + " does not answer");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LIMIT);
        assertThat(stream().version()).isEqualTo(2);
    }

    @Test
    void nobodyLeavesForOneWhoDoesNotAnswerEither() throws Exception {
        Observed stream = stream();
        assertThat(stream.version()).isEqualTo(1);
        wires.forEach(wire -> wire.silent(true));
        assertThat(stream.ends.poll(1500, TimeUnit.MILLISECONDS)).isNull();
        wires.get(1).silent(false);
        assertThat(stream.end()).contains("does not answer");
        assertThat(stream().version()).isEqualTo(2);
    }

    @Test
    void aServerThatStopsIsLeftAtOnce() throws Exception {
        Observed stream = stream();
        assertThat(stream.version()).isEqualTo(1);
        servers.get(0).stop();
        await("no new calls", () -> ask() == 2);
        // its streams had two seconds to be ended by the service
        assertThat(stream.end()).startsWith("UNAVAILABLE");
        assertThat(stream().version()).isEqualTo(2);
    }

    @Test
    void whatOneRefusesAsUnavailableTheOtherIsAskedOnce() {
        services.get(0).refusal = Status.UNAVAILABLE.withDescription("no store");
        assertThat(ask()).isEqualTo(2);
        services.get(1).refusal = Status.UNAVAILABLE.withDescription("no store either");
        assertThatThrownBy(this::ask).hasMessage("UNAVAILABLE: no store either");
        assertThat(services.get(0).asked.get()).isEqualTo(2);
        assertThat(services.get(1).asked.get()).isEqualTo(2);
        // both serve: nobody had to move
        assertThat(channel.inUse().number()).isEqualTo(1);
    }

    @Test
    void aConnectionThatClosesAsACallBeginsIsAReplicaThatIsAway() {
        Status closed =
                Replica.ended(Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException()));
        assertThat(closed.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(closed.getDescription()).isEqualTo("channel closed");
        Status thrown = Status.UNKNOWN.withCause(new IllegalStateException());
        assertThat(Replica.ended(thrown)).isSameAs(thrown);
        assertThat(Replica.ended(Status.OK)).isSameAs(Status.OK);
    }

    @Test
    void aRefusalOfAnotherKindIsNotRepeated() {
        services.get(0).refusal = Status.INVALID_ARGUMENT.withDescription("no such thing");
        assertThatThrownBy(this::ask).hasMessage("INVALID_ARGUMENT: no such thing");
        assertThat(services.get(1).asked.get()).isZero();
    }

    @Test
    void aQuestionFailsAtOnceWhileNobodyIsThere() throws Exception {
        for (Wire wire : wires) {
            wire.cut();
        }
        assertThatThrownBy(this::ask)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }

    @Test
    void whoLeftItsOwnReplicaGoesBackToIt() throws Exception {
        channel.shutdownNow();
        ReplicaChannel.Patience soon = new ReplicaChannel.Patience(
                Duration.ofMillis(100),
                Duration.ofMillis(80),
                Duration.ofMillis(200),
                Duration.ofMillis(400),
                DEADLINE);
        channel = new ReplicaChannel(addresses(), "", soon, address -> Channels.tcp(address, DEADLINE));
        Observed first = stream();
        assertThat(first.version()).isEqualTo(1);
        wires.get(0).silent(true);
        assertThat(first.end()).contains("does not answer");
        Observed second = stream();
        assertThat(second.version()).isEqualTo(2);
        wires.get(0).silent(false);
        assertThat(second.end())
                .isEqualTo("UNAVAILABLE: goes back to its own replica "
                        + wires.get(0).address());
        assertThat(stream().version()).isEqualTo(1);
        assertThat(channel.inUse().number()).isEqualTo(1);
    }

    @Test
    void nodesSpreadOverReplicasAndOverTheRestWhenOneGoes() {
        List<HostPort> three = List.of(
                HostPort.parse("10.0.0.5:7301"), HostPort.parse("10.0.0.6:7301"), HostPort.parse("10.0.0.7:7301"));
        int[] first = new int[3];
        int[] after = new int[3];
        int nodes = 6000;
        for (int node = 0; node < nodes; node++) {
            List<HostPort> order = Spread.order(three, "node-" + node);
            assertThat(order).containsExactlyInAnyOrderElementsOf(three);
            first[three.indexOf(order.get(0))]++;
            if (order.get(0).equals(three.get(0))) {
                after[three.indexOf(order.get(1))]++;
            }
        }
        for (int count : first) {
            assertThat(count).isCloseTo(nodes / 3, within(nodes / 20));
        }
        assertThat(after[1]).isCloseTo(first[0] / 2, within(nodes / 20));
        assertThat(Spread.order(three, "node-1")).isEqualTo(Spread.order(three, "node-1"));
        assertThat(Spread.order(three, "")).isEqualTo(three);
    }

    private List<HostPort> addresses() {
        return wires.stream().map(Wire::address).toList();
    }

    private long ask() {
        return RouteServiceGrpc.newBlockingStub(channel)
                .listRoutes(ListRoutesRequest.getDefaultInstance())
                .getVersion();
    }

    private Observed stream() {
        Observed observed = new Observed();
        var unused = RouteServiceGrpc.newStub(channel).streamRoutes(observed);
        return observed;
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private static final class Observed implements StreamObserver<StreamRoutesResponse> {
        private final BlockingQueue<Long> versions = new LinkedBlockingQueue<>();
        private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

        @Override
        public void onNext(StreamRoutesResponse response) {
            versions.add(response.getVersion());
        }

        @Override
        public void onError(Throwable cause) {
            ends.add(Statuses.text(cause));
        }

        @Override
        public void onCompleted() {
            ends.add("completed");
        }

        long version() throws InterruptedException {
            Long version = versions.poll(5, TimeUnit.SECONDS);
            return version == null ? -1 : version;
        }

        String end() throws InterruptedException {
            return String.valueOf(ends.poll(5, TimeUnit.SECONDS));
        }
    }
}
