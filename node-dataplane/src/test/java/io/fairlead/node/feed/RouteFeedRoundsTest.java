package io.fairlead.node.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySwitch;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.reconcile.Reachability;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.reconcile.Translator;
import io.fairlead.node.status.Controllers;
import io.fairlead.proto.route.v1.AckRoutes;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RouteFeedRoundsTest {
    private static final Cidr ONE = Cidr.parse("10.244.1.0/24");
    private static final Cidr TWO = Cidr.parse("10.244.2.0/24");

    private final AtomicInteger failures = new AtomicInteger();
    private final CompletableFuture<Void> failed = new CompletableFuture<>();
    private final AtomicInteger otherStores = new AtomicInteger();
    private final BlockingQueue<AckRoutes> acks = new LinkedBlockingQueue<>();
    private final CompletableFuture<StreamObserver<StreamRoutesResponse>> stream = new CompletableFuture<>();
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private Reconciler reconciler;
    private GrpcServer server;
    private ManagedChannel channel;
    private RouteFeed feed;

    private static final class Table<K, V> implements KernelTable<K, V> {
        private final Map<K, V> content = new ConcurrentHashMap<>();

        @Override
        public String name() {
            return "table";
        }

        @Override
        public Map<K, V> load() {
            return Map.copyOf(content);
        }

        @Override
        public Map<K, KernelException> upsert(Map<K, V> entries) {
            content.putAll(entries);
            return Map.of();
        }

        @Override
        public Map<K, KernelException> delete(Collection<K> keys) {
            keys.forEach(content::remove);
            return Map.of();
        }
    }

    private final class Distributor implements RouteServiceGrpc.AsyncService {
        @Override
        public StreamObserver<StreamRoutesRequest> streamRoutes(StreamObserver<StreamRoutesResponse> responses) {
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamRoutesRequest request) {
                    if (request.hasAck()) {
                        acks.add(request.getAck());
                    } else {
                        stream.complete(responses);
                    }
                }

                @Override
                public void onError(Throwable cause) {}

                @Override
                public void onCompleted() {}
            };
        }
    }

    @BeforeEach
    void start() throws Exception {
        Map<TableId, KernelTable<?, ?>> tables = new EnumMap<>(TableId.class);
        for (TableId id : TableId.values()) {
            tables.put(id, new Table<Object, Object>());
        }
        LocalNode node = new LocalNode(
                new NodeName("dev1"),
                ClusterName.DEFAULT,
                Ip.parse("192.168.2.31"),
                List.of(Cidr.parse("10.244.0.0/24")),
                List.of(Ip.parse("10.244.0.1")));
        Reachability onLink = new Reachability() {
            @Override
            public Result of(Ip address) {
                if (failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                    failed.complete(null);
                    throw new IllegalStateException("told to fail");
                }
                return new Result.Direct(2);
            }

            @Override
            public void refresh() {}
        };
        reconciler = new Reconciler(
                tables,
                new Translator(
                        node,
                        new Translator.Datapath(3, "fl_host", Map.of("ens33", 2), 101, 102, 103, 104, 0),
                        new Translator.Routing(true, List.of(Cidr.parse("10.0.0.0/8"))),
                        new PolicySwitch(PolicySettings.DEFAULT, 5000),
                        1000,
                        1009),
                onLink,
                state -> new Ground.Look(Map.of("ens33", 2), Set.of(), 0, List.of()));
        server = GrpcServer.start(new HostPort("127.0.0.1", 0), () -> RouteServiceGrpc.bindService(new Distributor()));
        channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), Duration.ofSeconds(5));
        feed = new RouteFeed(
                node.name(),
                RouteServiceGrpc.newStub(channel),
                reconciler,
                new Controllers(Clock.systemUTC()).get("route-stream"),
                executor,
                new Backoff(Duration.ofMillis(10), Duration.ofMillis(100), new Random(1)));
        feed.onAnotherStore(otherStores::incrementAndGet);
    }

    @AfterEach
    void stop() throws Exception {
        feed.close();
        channel.shutdownNow();
        server.stop().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        executor.shutdownNow();
        reconciler.close();
    }

    @Test
    void aRoundTriedAgainBringsNothingBack() throws Exception {
        failures.set(1);
        send(response(1, "e").setSnapshot(true).addUpserts(route(ONE)).addUpserts(route(TWO)));
        failed.get(10, TimeUnit.SECONDS);
        send(response(2, "e").addRemoves(TWO.toString()));
        assertThat(acked()).isEqualTo(2);
        // the round of the first response is tried again after a second; a later one is a sign that it is over
        CompletableFuture<Void> over = new CompletableFuture<>();
        var unused = executor.schedule(() -> over.complete(null), 1500, TimeUnit.MILLISECONDS);
        over.get(10, TimeUnit.SECONDS);
        assertThat(reconciler.update(state -> state).get(5, TimeUnit.SECONDS)).isNotNull();
        assertThat(reconciler.state().routes()).containsOnlyKeys(ONE);
    }

    @Test
    void anotherLifeOfTheStoreIsNoticedOnce() throws Exception {
        send(response(1, "e").setSnapshot(true).addUpserts(route(ONE)));
        assertThat(acked()).isEqualTo(1);
        send(response(2, "e").addUpserts(route(TWO)));
        assertThat(acked()).isEqualTo(2);
        assertThat(otherStores).hasValue(0);
        send(response(3, "other").setSnapshot(true));
        assertThat(acked()).isEqualTo(3);
        assertThat(otherStores).hasValue(1);
        assertThat(reconciler.state().routes()).isEqualTo(Map.<Cidr, PeerRoute>of());
    }

    private void send(StreamRoutesResponse.Builder response) throws Exception {
        stream.get(10, TimeUnit.SECONDS).onNext(response.build());
    }

    private long acked() throws Exception {
        return Optional.ofNullable(acks.poll(10, TimeUnit.SECONDS))
                .orElseThrow()
                .getNonce();
    }

    private static StreamRoutesResponse.Builder response(long nonce, String epoch) {
        return StreamRoutesResponse.newBuilder()
                .setNonce(nonce)
                .setVersion(nonce)
                .setEpoch(epoch)
                .setInSync(true);
    }

    private static Route route(Cidr cidr) {
        return Route.newBuilder()
                .setCidr(cidr.toString())
                .setNextHop("192.168.2.32")
                .setNodeName("dev2")
                .setClusterName("default")
                .build();
    }
}
