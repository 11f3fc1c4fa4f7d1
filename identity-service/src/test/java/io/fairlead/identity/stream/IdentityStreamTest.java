package io.fairlead.identity.stream;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.policy.PolicySizes;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.IpIdentity;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.retry.Timers;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class IdentityStreamTest {
    private static final StoreKeys KEYS = new StoreKeys("cilium/");

    private Vertx vertx;
    private MemoryKvStore store;
    private MemoryKvStore client;
    private IdentityFeed feed;
    private GrpcServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        store = new MemoryKvStore();
        client = store.sibling();
        put(KEYS.ips() + "10.244.0.7", ip("10.244.0.7", 4711, "192.168.2.31"));
        put(KEYS.identitiesById() + "4711", "k8s:app=web;");
        put(KEYS.nodes() + "default/dev1", node("dev1", "192.168.2.31", "10.244.0.1"));
        serve(client);
    }

    private void serve(KvStore from) throws IOException {
        Context context = vertx.getOrCreateContext();
        IdentityStream stream = new IdentityStream(context, Timers.of(vertx), new SimpleMeterRegistry());
        feed = stream.feed(from, KEYS, await(IdentityStream.epoch(from)));
        await(feed.synced());
        ServerServiceDefinition service = stream.with(new IdentityServiceGrpc.IdentityServiceImplBase() {});
        server = GrpcServer.start(HostPort.parse("127.0.0.1:0"), () -> service);
        channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), Duration.ofSeconds(5));
    }

    @AfterEach
    void stop() {
        stopServing();
        client.close();
        store.close();
        await(vertx.close());
    }

    private void stopServing() {
        channel.shutdownNow();
        await(server.stop());
        feed.close();
    }

    @Test
    @Tag("etcd")
    void aStoreWhoseRevisionsStepBackBeginsANewEpoch() throws IOException {
        stopServing();
        try (EtcdProcess etcd = EtcdProcess.start();
                EtcdKvStore real = new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()))) {
            for (int i = 0; i < 20; i++) {
                await(real.commit(Txn.of(Op.put(KEYS.identitiesById() + (256 + i), "k8s:n=" + i + ";"))));
            }
            serve(real);
            Node node = new Node("dev2", 0, "");
            eventually(() -> node.labels().size() == 20);
            long version = node.version();
            String epoch = node.epoch();
            etcd.kill9();
            etcd.restartEmpty();
            Op write = Op.put(KEYS.identitiesById() + 300, "k8s:app=web;");
            eventually(() -> written(real, write));
            eventually(node::ended);
            Node again = new Node("dev2", version, epoch);
            eventually(() -> again.labels().equals(Map.of(300, "[k8s:app=web]")));
            assertThat(again.epoch()).isNotEqualTo(epoch);
            assertThat(again.snapshots()).isEqualTo(1);
        }
    }

    @Test
    void aReplicaThatStartsWhileValuesAreUnreadableServesTheLastReadableOnes() throws IOException {
        Node before = new Node("dev2", 0, "");
        eventually(before::inSync);
        stopServing();
        for (String key :
                List.of(KEYS.ips() + "10.244.0.7", KEYS.identitiesById() + "4711", KEYS.nodes() + "default/dev1")) {
            put(key, "{");
            put(key, "[]");
        }
        serve(client);
        Node node = new Node("dev3", 0, "");
        eventually(node::inSync);
        assertThat(node.ips()).isEqualTo(before.ips());
        assertThat(node.labels()).isEqualTo(before.labels());
        assertThat(feed.unreadable()).isEqualTo(3);
        assertThat(feed.text())
                .contains("v1/id/4711: ")
                .contains("served as last read")
                .doesNotContain("without it");
        put(KEYS.identitiesById() + "4711", "k8s:app=other;");
        eventually(() -> node.labels().equals(Map.of(4711, "[k8s:app=other]")));
    }

    private static boolean written(KvStore store, Op write) {
        try {
            return await(store.commit(Txn.of(write))).succeeded();
        } catch (KvException e) {
            return false;
        }
    }

    @Test
    void aSubscriberIsToldEverythingThenDifferences() {
        Node node = new Node("dev2", 0, "");
        eventually(node::inSync);
        assertThat(node.ips())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "10.244.0.7/32", "4711 192.168.2.31 kvstore default/web-1",
                        "192.168.2.31/32", "6 192.168.2.31 node /",
                        "10.244.0.1/32", "6 192.168.2.31 node /"));
        assertThat(node.labels()).containsExactly(Map.entry(4711, "[k8s:app=web]"));
        put(KEYS.ips() + "fd00::7", ip("fd00::7", 4711, "fd01::1"));
        eventually(() -> "4711 fd01::1 kvstore default/web-1".equals(node.ips().get("fd00::7/128")));
        delete(KEYS.ips() + "10.244.0.7");
        delete(KEYS.identitiesById() + "4711");
        delete(KEYS.nodes() + "default/dev1");
        eventually(() -> node.ips().size() == 1 && node.labels().isEmpty());
        assertThat(node.snapshots()).isEqualTo(1);
    }

    @Test
    void whatCannotBeReadIsCountedAndWhatWasKnownStays() {
        Node node = new Node("dev2", 0, "");
        eventually(node::inSync);
        put(KEYS.ips() + "10.244.0.7", "{]");
        put(KEYS.ips() + "10.244.0.8", ip("10.244.0.9", 4711, "192.168.2.31"));
        put(KEYS.ips() + "many", ip("10.244.0.9", 4711, "192.168.2.31"));
        put(KEYS.identitiesById() + "4711", "no end");
        put(KEYS.identitiesById() + "4711", "");
        put(KEYS.identitiesById() + "many", "k8s:app=web;");
        put(KEYS.nodes() + "default/dev1", "[]");
        put(KEYS.ips() + "10.244.0.10", ip("10.244.0.10", 4711, "192.168.2.31"));
        eventually(() -> node.ips().containsKey("10.244.0.10/32"));
        assertThat(feed.unreadable()).isEqualTo(7);
        assertThat(node.ips()).hasSize(4);
        assertThat(node.labels()).containsOnlyKeys(4711);
    }

    @Test
    void aNodesOwnAddressWinsOverAnEndpointUnderIt() {
        Node node = new Node("dev2", 0, "");
        eventually(node::inSync);
        put(KEYS.ips() + "192.168.2.31", ip("192.168.2.31", 4711, "192.168.2.32"));
        put(KEYS.ips() + "10.244.0.10", ip("10.244.0.10", 4711, "192.168.2.31"));
        eventually(() -> node.ips().containsKey("10.244.0.10/32"));
        assertThat(node.ips()).containsEntry("192.168.2.31/32", "6 192.168.2.31 node /");
        delete(KEYS.nodes() + "default/dev1");
        eventually(() -> node.ips().get("192.168.2.31/32").startsWith("4711"));
    }

    @Test
    void aNodeResumesWhereItsFormerStreamEnded() {
        Node node = new Node("dev2", 0, "");
        eventually(node::inSync);
        put(KEYS.ips() + "10.244.0.10", ip("10.244.0.10", 4711, "192.168.2.31"));
        eventually(() -> node.ips().size() == 4);
        Node again = new Node("dev2", node.version(), node.epoch());
        put(KEYS.ips() + "10.244.0.11", ip("10.244.0.11", 4711, "192.168.2.31"));
        eventually(() -> again.ips().size() == 1);
        assertThat(again.snapshots()).isZero();
    }

    @Test
    void theEpochIsTheStores() {
        assertThat(await(IdentityStream.epoch(store))).isEqualTo(await(IdentityStream.epoch(client)));
    }

    @Test
    void afterAnyHistoryTheStreamEqualsTheStore() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Node node = new Node("dev2", 0, "");
        for (int step = 0; step < 400; step++) {
            String host = "10.9.0." + random.nextInt(20);
            switch (random.nextInt(7)) {
                case 0 -> delete(KEYS.ips() + host);
                case 1 -> delete(KEYS.nodes() + "default/n" + random.nextInt(5));
                case 2 -> put(KEYS.nodes() + "default/n" + random.nextInt(5), node("n", host, "10.9.1.1"));
                case 3 -> put(KEYS.identitiesById() + (256 + random.nextInt(9)), "k8s:n=" + random.nextInt(9) + ";");
                case 4 -> cut(random);
                default -> put(KEYS.ips() + host, ip(host, 256 + random.nextInt(9), "192.168.2.31"));
            }
        }
        client.reconnect();
        put(KEYS.ips() + "10.10.0.1", ip("10.10.0.1", 256, "192.168.2.31"));
        eventually(() -> node.ips().containsKey("10.10.0.1/32"));
        Node fresh = new Node("dev3", 0, "");
        eventually(fresh::inSync);
        // its snapshot may be a second old, what has changed since follows
        eventually(() -> fresh.version() >= node.version());
        assertThat(node.ips()).as("seed %d", seed).isEqualTo(fresh.ips());
        assertThat(node.labels()).as("seed %d", seed).isEqualTo(fresh.labels());
        StoreView model = new StoreView(KEYS, new PolicySizes());
        TreeMap<String, String> expected = new TreeMap<>();
        await(store.list("cilium/state/"))
                .entries()
                .forEach(entry -> model.apply(List.of(new WatchEvent.Put(entry)))
                        .forEach(change -> expected.put(change.key().toString(), "")));
        assertThat(node.ips().size() + node.labels().size()).as("seed %d", seed).isEqualTo(expected.size());
    }

    private void cut(Random random) {
        if (random.nextBoolean()) {
            client.disconnect();
        } else {
            client.reconnect();
        }
    }

    private void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    private void delete(String key) {
        await(store.commit(Txn.of(new Op.Delete(key))));
    }

    private static String ip(String ip, int id, String host) {
        return "{\"IP\":\"" + ip + "\",\"Mask\":null,\"HostIP\":\"" + host + "\",\"ID\":" + id
                + ",\"Key\":0,\"Metadata\":\"\",\"K8sNamespace\":\"default\",\"K8sPodName\":\"web-1\"}";
    }

    private static String node(String name, String ip, String router) {
        return "{\"Name\":\"" + name + "\",\"Cluster\":\"default\",\"IPAddresses\":[{\"Type\":\"InternalIP\",\"IP\":\""
                + ip + "\"},{\"Type\":\"CiliumInternalIP\",\"IP\":\"" + router
                + "\"}],\"IPv4AllocCIDR\":{\"IP\":\"10.244.0.0\",\"Mask\":\"////AA==\"}}";
    }

    private static void eventually(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(10));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** A node that applies what it is told and says so. */
    private final class Node implements StreamObserver<StreamIdentitiesResponse> {
        private final Map<String, String> ips = new TreeMap<>();
        private final Map<Integer, String> labels = new TreeMap<>();
        private final StreamObserver<StreamIdentitiesRequest> requests;
        private int snapshots;
        private boolean inSync;
        private boolean inSnapshot;
        private boolean ended;
        private long version;
        private String epoch = "";

        Node(String name, long version, String epoch) {
            requests = IdentityServiceGrpc.newStub(channel).streamIdentities(this);
            requests.onNext(StreamIdentitiesRequest.newBuilder()
                    .setSubscribe(SubscribeIdentities.newBuilder()
                            .setNodeName(name)
                            .setResumeVersion(version)
                            .setResumeEpoch(epoch))
                    .build());
        }

        @Override
        public synchronized void onNext(StreamIdentitiesResponse response) {
            if (response.getSnapshot() && !inSnapshot) {
                snapshots++;
                ips.clear();
                labels.clear();
            }
            inSnapshot = response.getSnapshot() && !response.getInSync();
            for (IpIdentity ip : response.getIpUpsertsList()) {
                ips.put(
                        ip.getPrefix(),
                        ip.getIdentity() + " " + ip.getHostIp() + " " + ip.getSource() + " " + ip.getNamespace() + "/"
                                + ip.getPodName());
            }
            response.getIpRemovesList().forEach(ips::remove);
            response.getIdentityUpsertsList()
                    .forEach(id ->
                            labels.put(id.getIdentity(), id.getLabelsList().toString()));
            response.getIdentityRemovesList().forEach(labels::remove);
            inSync = response.getInSync();
            version = response.getVersion();
            epoch = response.getEpoch();
            requests.onNext(StreamIdentitiesRequest.newBuilder()
                    .setAck(AckIdentities.newBuilder()
                            .setNonce(response.getNonce())
                            .setVersion(version))
                    .build());
        }

        @Override
        public synchronized void onError(Throwable cause) {
            ended = true;
        }

        @Override
        public void onCompleted() {}

        synchronized Map<String, String> ips() {
            return new TreeMap<>(ips);
        }

        synchronized Map<Integer, String> labels() {
            return new TreeMap<>(labels);
        }

        synchronized boolean inSync() {
            return inSync;
        }

        synchronized boolean ended() {
            return ended;
        }

        synchronized int snapshots() {
            return snapshots;
        }

        synchronized long version() {
            return version;
        }

        synchronized String epoch() {
            return epoch;
        }
    }
}
