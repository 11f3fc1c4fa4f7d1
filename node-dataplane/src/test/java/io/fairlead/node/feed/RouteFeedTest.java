package io.fairlead.node.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.Served;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.reconcile.FakeKernel;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.status.Controller;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node's stream of routes against a distributor that says what a test wants. */
class RouteFeedTest {
    private static final LocalNode NODE = new LocalNode(
            new NodeName("dev1"),
            ClusterName.DEFAULT,
            Ip.parse("192.168.2.31"),
            List.of(Cidr.parse("10.244.0.0/24")),
            List.of(Ip.parse("10.244.0.1")));

    @TempDir
    private Path directory;

    private final FakeKernel kernel = new FakeKernel(NODE);
    private final Controller controller = new Controllers(Clock.systemUTC()).get("route-stream");
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final Distributor distributor = new Distributor();
    private Served served;
    private RouteFeed feed;

    private static final class Distributor extends RouteServiceGrpc.RouteServiceImplBase {
        final BlockingQueue<StreamRoutesRequest> said = new LinkedBlockingQueue<>();
        final BlockingQueue<StreamObserver<StreamRoutesResponse>> streams = new LinkedBlockingQueue<>();

        @Override
        public StreamObserver<StreamRoutesRequest> streamRoutes(StreamObserver<StreamRoutesResponse> to) {
            streams.add(to);
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamRoutesRequest request) {
                    said.add(request);
                }

                @Override
                public void onError(Throwable cause) {
                    // the node hung up
                }

                @Override
                public void onCompleted() {
                    to.onCompleted();
                }
            };
        }
    }

    @BeforeEach
    void serve() throws Exception {
        served = new Served(directory, distributor);
        feed = new RouteFeed(
                NODE.name(),
                RouteServiceGrpc.newStub(served.channel()),
                kernel.reconciler(),
                controller,
                executor,
                new Backoff(Duration.ofMillis(5), Duration.ofMillis(20), new Random(1)));
    }

    @AfterEach
    void stop() {
        feed.close();
        served.close();
        kernel.close();
        executor.shutdownNow();
    }

    @Test
    void aSnapshotIsAcknowledgedWhenItIsInTheKernelAndResumedFrom() throws Exception {
        StreamObserver<StreamRoutesResponse> stream = stream();
        assertThat(next().getSubscribe().getResumeVersion()).isZero();
        stream.onNext(snapshot(7, 1, route("10.244.1.0/24", "192.168.2.32")));
        StreamRoutesRequest ack = next();
        assertThat(ack.getAck().getVersion()).isEqualTo(7);
        assertThat(ack.getAck().getFailedList()).isEmpty();
        assertThat(kernel.keys(TableId.ROUTES).contains(Cidr.parse("10.244.1.0/24")))
                .isTrue();

        stream.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
        stream();
        StreamRoutesRequest again = next();
        assertThat(again.getSubscribe().getResumeVersion()).isEqualTo(7);
        assertThat(again.getSubscribe().getResumeEpoch()).isEqualTo("e");
    }

    @Test
    void aBadEntryIsSaidBackAndTheOthersAreTaken() throws Exception {
        StreamObserver<StreamRoutesResponse> stream = stream();
        next();
        stream.onNext(snapshot(
                1,
                1,
                route("10.244.1.0/24", "192.168.2.32"),
                route("10.244.2.0/99", "192.168.2.33"),
                route("10.244.3.0/24", "fd00::1"),
                route("10.244.4.0/24", "224.0.0.1")));
        assertThat(next().getAck().getFailedList())
                .extracting(failed -> failed.getCidr())
                .containsExactly("10.244.2.0/99", "10.244.3.0/24", "10.244.4.0/24");
        stream.onNext(StreamRoutesResponse.newBuilder()
                .setVersion(2)
                .setNonce(2)
                .setEpoch("e")
                .setInSync(true)
                .addRemoves("nonsense")
                .addRemoves("10.244.2.0/99")
                .addUpserts(route("10.244.5.0/24", "192.168.2.35"))
                .build());
        assertThat(next().getAck().getFailedList()).hasSize(2);
        assertThat(kernel.keys(TableId.ROUTES).contains(Cidr.parse("10.244.5.0/24")))
                .isTrue();
        assertThat(controller.state().consecutiveFailures()).isZero();
    }

    @Test
    void aRouteTheKernelRefusesIsSaidBack() throws Exception {
        kernel.refuse(TableId.ROUTES, Cidr.parse("10.244.1.0/24"));
        StreamObserver<StreamRoutesResponse> stream = stream();
        next();
        stream.onNext(snapshot(1, 1, route("10.244.1.0/24", "192.168.2.32")));
        assertThat(next().getAck().getFailedList())
                .singleElement()
                .matches(failed -> failed.getReason().contains("EINVAL"));
    }

    @Test
    void nothingCountsAsInstalledWhileTheRoutesCannotBeRead() throws Exception {
        kernel.unreadable(TableId.ROUTES);
        StreamObserver<StreamRoutesResponse> stream = stream();
        next();
        stream.onNext(snapshot(1, 1, route("10.244.1.0/24", "192.168.2.32")));
        assertThat(next().getAck().getFailedList())
                .singleElement()
                .matches(failed -> failed.getCidr().equals("10.244.1.0/24"));
    }

    /** A distributor that dies while it tells everything: what a former agent left stays until all has been told. */
    @Test
    void whatAFormerAgentLeftIsSweptOnlyAfterACompleteSync() throws Exception {
        Cidr stale = Cidr.parse("10.244.9.0/24");
        Cidr kept = Cidr.parse("10.244.2.0/24");
        kernel.left(stale, 1005, new NextHop(Ip.parse("192.168.2.39"), 2));
        kernel.left(kept, 1006, new NextHop(Ip.parse("192.168.2.33"), 2));
        kernel.reconciler().update(state -> state.withPods(Map.of())).get(10, TimeUnit.SECONDS);
        StreamRoutesResponse first = part(3, 1, route("10.244.1.0/24", "192.168.2.32"));
        for (int i = 0; i < 3; i++) {
            StreamObserver<StreamRoutesResponse> stream = stream();
            assertThat(next().getSubscribe().getResumeVersion()).isZero();
            stream.onNext(first);
            stream.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
        }
        kernel.reconciler().resyncSoon();
        StreamObserver<StreamRoutesResponse> last = stream();
        next();
        kernel.reconciler().update(state -> state).get(10, TimeUnit.SECONDS);
        assertThat(kernel.keys(TableId.ROUTES).contains(stale)).isTrue();
        assertThat(kernel.keys(TableId.ROUTES).contains(kept)).isTrue();
        last.onNext(first);
        last.onNext(snapshot(3, 2, route("10.244.2.0/24", "192.168.2.33")).toBuilder()
                .setEntries(2)
                .build());
        assertThat(next().getAck().getVersion()).isEqualTo(3);
        assertThat(kernel.keys(TableId.ROUTES).contains(stale)).isFalse();
        assertThat(kernel.keys(TableId.ROUTES).contains(kept)).isTrue();
    }

    @Test
    void anEmptyTableIsAlsoACompleteSync() throws Exception {
        Cidr stale = Cidr.parse("10.244.9.0/24");
        kernel.left(stale, 1005, new NextHop(Ip.parse("192.168.2.39"), 2));
        StreamObserver<StreamRoutesResponse> stream = stream();
        next();
        stream.onNext(snapshot(3, 1).toBuilder().setEntries(0).build());
        assertThat(next().getAck().getVersion()).isEqualTo(3);
        assertThat(kernel.keys(TableId.ROUTES).contains(stale)).isFalse();
    }

    @Test
    void aWrongNumberOfRoutesIsNotActedOnAndAllIsAskedForAnew() throws Exception {
        StreamObserver<StreamRoutesResponse> stream = stream();
        next();
        stream.onNext(
                snapshot(5, 1, route("10.244.1.0/24", "192.168.2.32"), route("nonsense", "192.168.2.33")).toBuilder()
                        .setEntries(2)
                        .build());
        assertThat(next().getAck().getVersion()).isEqualTo(5);
        stream.onNext(
                snapshot(6, 2).toBuilder().setSnapshot(false).setEntries(3).build());
        assertThat(distributor.streams.poll(10, TimeUnit.SECONDS)).isNotNull();
        assertThat(next().getSubscribe().getResumeVersion()).isZero();
        assertThat(kernel.keys(TableId.ROUTES).contains(Cidr.parse("10.244.1.0/24")))
                .isTrue();
    }

    private static StreamRoutesResponse part(long version, long nonce, Route... routes) {
        return snapshot(version, nonce, routes).toBuilder()
                .setInSync(false)
                .setVersion(0)
                .build();
    }

    private StreamObserver<StreamRoutesResponse> stream() throws InterruptedException {
        StreamObserver<StreamRoutesResponse> stream = distributor.streams.poll(10, TimeUnit.SECONDS);
        assertThat(stream).as("a stream").isNotNull();
        return stream;
    }

    private StreamRoutesRequest next() throws InterruptedException {
        StreamRoutesRequest request = distributor.said.poll(10, TimeUnit.SECONDS);
        assertThat(request).as("a message of the node").isNotNull();
        return request;
    }

    private static Route route(String cidr, String nextHop) {
        return Route.newBuilder()
                .setCidr(cidr)
                .setNextHop(nextHop)
                .setNodeName("n" + nextHop)
                .setClusterName("default")
                .build();
    }

    private static StreamRoutesResponse snapshot(long version, long nonce, Route... routes) {
        return StreamRoutesResponse.newBuilder()
                .setSnapshot(true)
                .setInSync(true)
                .setVersion(version)
                .setNonce(nonce)
                .setEpoch("e")
                .addAllUpserts(List.of(routes))
                .build();
    }
}
