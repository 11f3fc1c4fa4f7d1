package io.fairlead.identity.stream;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.grpc.PolicyGrpc;
import io.fairlead.identity.policy.PolicyService;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.kvstore.progress.ClusterProgress;
import io.fairlead.kvstore.progress.NodeReached;
import io.fairlead.kvstore.progress.ProgressWriter;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.identity.v1.AckIdentities;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesResponse;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.proto.policy.v1.AppliedPolicy;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesResponse;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesResponse;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.LateNode;
import io.fairlead.proto.policy.v1.Policy;
import io.fairlead.proto.policy.v1.PolicyName;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc.PolicyServiceBlockingStub;
import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.fairlead.runtime.grpc.GrpcServer;
import io.fairlead.runtime.retry.Timers;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A policy is applied when the nodes say so: over gRPC, with nodes that are late, wrong or not there. */
class PolicyLoopTest {
    private static final StoreKeys KEYS = new StoreKeys("cilium/");

    private final Vertx vertx = Vertx.vertx();
    private KvStore store = new MemoryKvStore();
    private IdentityFeed feed;
    private ClusterProgress progress;
    private ProgressWriter report;
    private GrpcServer server;
    private ManagedChannel channel;

    @BeforeEach
    void serve() throws Exception {
        Context context = vertx.getOrCreateContext();
        IdentityStream stream = new IdentityStream(context, Timers.of(vertx), new SimpleMeterRegistry());
        feed = stream.feed(store, KEYS, await(IdentityStream.epoch(store)));
        await(feed.synced());
        progress = new ClusterProgress(store, OwnKeys.Table.IDENTITIES);
        report = stream.report(store, feed, "this");
        await(progress.synced());
        PolicyService policies = new PolicyService(
                store,
                feed.nodes(ClusterName.DEFAULT, Timers.of(vertx), progress),
                Timers.of(vertx),
                System::currentTimeMillis,
                vertx::executeBlocking,
                feed.policySizes());
        server = GrpcServer.start(
                HostPort.parse("127.0.0.1:0"),
                () -> stream.with(new IdentityServiceGrpc.IdentityServiceImplBase() {}),
                new PolicyGrpc(policies));
        channel = Channels.tcp(new HostPort("127.0.0.1", server.port()), Duration.ofSeconds(5));
    }

    private void stopServing() {
        channel.shutdownNow();
        await(server.stop());
        await(report.stop().otherwiseEmpty());
        progress.close();
        feed.close();
        store.close();
    }

    @AfterEach
    void stop() {
        stopServing();
        await(vertx.close());
    }

    @Test
    void applyEndsWhenEveryNodeHasThePolicyAndSoDoesDelete() {
        List<Node> nodes = List.of(join("dev1"), join("dev2"), join("dev3"));
        ApplyPoliciesResponse response = apply(policy("web", "a"), 10_000);
        assertThat(response.getProgress().getNodes()).isEqualTo(3);
        assertThat(response.getProgress().getInForce()).isEqualTo(3);
        assertThat(response.getProgress().getLateList()).isEmpty();
        assertThat(response.getPolicies(0).getOutcome()).isEqualTo(AppliedPolicy.Outcome.OUTCOME_CREATED);
        nodes.forEach(node -> assertThat(node.policies()).containsOnlyKeys("web"));
        assertThat(apply(policy("web", "a"), 10_000).getProgress().getInForce()).isEqualTo(3);
        DeletePoliciesResponse deleted = delete("web", 10_000);
        assertThat(deleted.getProgress().getInForce()).isEqualTo(3);
        nodes.forEach(node -> assertThat(node.policies()).isEmpty());
        assertThatThrownBy(() -> delete("web", 0)).hasMessageContaining("NOT_FOUND: CiliumNetworkPolicy default/web");
    }

    @Test
    void aChangeThatMeansTheSameIsAcknowledgedToo() {
        join("dev1");
        apply(policy("web", "a"), 10_000);
        String annotated = policy("web", "a").replace("{name: web}", "{name: web, annotations: {by: me}}");
        ApplyPoliciesResponse response = apply(annotated, 10_000);
        assertThat(response.getPolicies(0).getOutcome()).isEqualTo(AppliedPolicy.Outcome.OUTCOME_CONFIGURED);
        assertThat(response.getProgress().getInForce()).isEqualTo(1);
    }

    @Test
    void nodesThatAreLateWrongOrNotThereAreNamedWithTheReason() {
        join("dev1");
        Node slow = join("dev2");
        Node wrong = join("dev3");
        Node gone = join("dev4");
        record("dev5");
        record("other", "far", "192.168.9.9");
        slow.silent = true;
        wrong.error = "policies: no room";
        gone.leave();
        eventually(() -> apply(policy("probe", "x"), 1).getProgress().getLateList().stream()
                .anyMatch(late -> late.getReason().equals("not connected")));
        ApplyPoliciesResponse response = apply(policy("web", "a"), 300);
        assertThat(response.getProgress().getNodes()).isEqualTo(5);
        assertThat(response.getProgress().getInForce()).isEqualTo(1);
        Map<String, String> late = new TreeMap<>();
        for (LateNode node : response.getProgress().getLateList()) {
            late.put(node.getNodeName(), node.getReason());
        }
        assertThat(late).containsOnlyKeys("dev2", "dev3", "dev4", "dev5");
        assertThat(late.get("dev2")).startsWith("is at revision ").contains("(expected: " + response.getRevision());
        assertThat(late)
                .containsEntry("dev3", "policies: no room")
                .containsEntry("dev4", "not connected")
                .containsEntry("dev5", "not subscribed at any replica");
        assertThat(response.getProgress().getWaitedMs()).isGreaterThanOrEqualTo(300);
        // who does not wait is not kept
        assertThat(apply(policy("web", "b"), 0).hasProgress()).isFalse();
    }

    @Test
    void nodesOfOtherReplicasCountAsTheirReplicasSay() {
        join("dev1");
        record("dev2");
        ClusterNodes nodes = feed.nodes(ClusterName.DEFAULT, Timers.of(vertx), progress);
        assertThat(await(nodes.reachedByAll())).isZero();
        AtomicLong far = new AtomicLong();
        ProgressWriter other = new ProgressWriter(
                store,
                OwnKeys.Table.IDENTITIES,
                "other",
                () -> Future.succeededFuture(new ProgressWriter.Snapshot(
                        "e",
                        Long.MAX_VALUE,
                        List.of(new ProgressWriter.Node(new NodeName("dev2"), far.get(), Map.of())))));
        other.changed();
        eventually(() -> progress.nodes().containsKey(new NodeName("dev2")));
        ApplyPoliciesResponse late = apply(policy("web", "a"), 200);
        assertThat(late.getProgress().getInForce()).isEqualTo(1);
        assertThat(late.getProgress().getLate(0).getReason()).isEqualTo("has not acknowledged anything yet");
        far.set(late.getRevision() - 1);
        other.changed();
        eventually(() -> apply(policy("web", "a"), 1)
                .getProgress()
                .getLate(0)
                .getReason()
                .startsWith("is at revision " + far.get() + " (expected: "));
        far.set(1_000_000);
        other.changed();
        assertThat(apply(policy("web", "a"), 10_000).getProgress().getInForce()).isEqualTo(2);
        assertThat(await(nodes.reachedByAll())).isBetween(1L, 999_999L);
        await(other.stop());
        eventually(() -> !progress.nodes().containsKey(new NodeName("dev2")));
        assertThat(await(nodes.reachedByAll())).isZero();
    }

    @Test
    void thisReplicaSaysHowFarItsNodesAre() {
        Node node = join("dev1");
        apply(policy("web", "a"), 10_000);
        long revision = apply(policy("web", "b"), 10_000).getRevision();
        eventually(() -> {
            NodeReached reached = progress.nodes().get(new NodeName("dev1"));
            return reached != null && reached.has(revision) && reached.replica().equals("this");
        });
        node.leave();
        eventually(() -> progress.nodes().isEmpty());
    }

    @Test
    void aNodeThatRecoversWithinTheTimeIsNotLate() throws Exception {
        Node node = join("dev1");
        node.silent = true;
        Thread later = new Thread(() -> {
            eventually(() -> node.policies().containsKey("web"));
            node.acknowledge();
        });
        later.start();
        assertThat(apply(policy("web", "a"), 10_000).getProgress().getInForce()).isEqualTo(1);
        later.join();
    }

    @Test
    void mistakesAreOneStatusWithALineForEachAndFitIntoIt() {
        StringBuilder broken = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            broken.append(policy("w" + i, "-é"));
        }
        assertThatThrownBy(() -> apply(broken.toString(), 0))
                .hasMessageContaining(
                        "INVALID_ARGUMENT: document 1 (CiliumNetworkPolicy default/w0): spec.endpointSelector")
                .hasMessageContaining("\ndocument 2 (")
                .hasMessageMatching("(?s).*\nand [0-9]+ more");
        assertThatThrownBy(() -> stub().getPolicies(GetPoliciesRequest.newBuilder()
                        .addNames(PolicyName.newBuilder().setKind("Pod"))
                        .build()))
                .hasMessageContaining("INVALID_ARGUMENT: kind: \"Pod\" (expected: NetworkPolicy,");
    }

    @Test
    void anEntryThatCannotBeReadIsCountedAndWhatWasKnownStays() {
        Node node = join("dev1");
        apply(policy("web", "a"), 10_000);
        put("fairlead/policy/v1/CiliumNetworkPolicy/default/web", "{\"document\": {\"kind\": \"Pod\"}}");
        put("fairlead/policy/v1/CiliumNetworkPolicy/default/x", "{");
        eventually(() -> feed.unreadable() == 2);
        apply(policy("other", "a"), 10_000);
        assertThat(node.policies()).containsOnlyKeys("web", "other");
        Node late = new Node("dev9").inSyncSoon();
        // its snapshot may be a second old, what has changed since follows
        eventually(() -> late.policies().keySet().equals(Set.of("web", "other")));
    }

    @Test
    @Tag("etcd")
    void everyAnswerOnARealStoreFollowsEveryNodesAcknowledgementOfThatVeryPolicy() throws Exception {
        stopServing();
        try (EtcdProcess etcd = EtcdProcess.start()) {
            store = new EtcdKvStore(EtcdOptions.of(List.of("http://" + etcd.endpoint())));
            serve();
            List<Node> nodes = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                nodes.add(join("dev" + i));
            }
            for (int i = 0; i < 30; i++) {
                String app = "a" + i;
                // other traffic moves the store's revision between
                put(KEYS.identitiesById() + (5000 + i), "k8s:app=x" + i + ";");
                ApplyPoliciesResponse response = apply(policy("web", app), 10_000);
                assertThat(response.getProgress().getInForce()).isEqualTo(20);
                assertThat(response.getProgress().getLateList()).isEmpty();
                assertThat(nodes).as(app).allMatch(node -> node.hasAcknowledged("web", app));
            }
            // one that says nothing holds the answer back until it does
            Node silent = nodes.get(7);
            silent.silent = true;
            assertThat(apply(policy("web", "last"), 200).getProgress().getLateList())
                    .extracting(LateNode::getNodeName)
                    .containsExactly("dev7");
            eventually(() -> speaksOf(silent.policies(), "web", "last"));
            silent.silent = false;
            silent.acknowledge();
            assertThat(apply(policy("web", "last"), 10_000).getProgress().getInForce())
                    .isEqualTo(20);
        }
    }

    private static boolean speaksOf(Map<String, Policy> policies, String name, String app) {
        return policies.containsKey(name) && policies.get(name).toString().contains("\"" + app + "\"");
    }

    private static String policy(String name, String app) {
        return """
                apiVersion: cilium.io/v2
                kind: CiliumNetworkPolicy
                metadata: {name: %s}
                spec: {endpointSelector: {matchLabels: {app: %s}}, ingress: [{}]}
                ---
                """.formatted(name, app);
    }

    private PolicyServiceBlockingStub stub() {
        return PolicyServiceGrpc.newBlockingStub(channel);
    }

    private ApplyPoliciesResponse apply(String documents, int waitMs) {
        return stub().applyPolicies(ApplyPoliciesRequest.newBuilder()
                .setDocuments(documents)
                .setWaitMs(waitMs)
                .build());
    }

    private DeletePoliciesResponse delete(String name, int waitMs) {
        return stub().deletePolicies(DeletePoliciesRequest.newBuilder()
                .addNames(PolicyName.newBuilder().setKind("cnp").setName(name))
                .setWaitMs(waitMs)
                .build());
    }

    private Node join(String name) {
        record(name);
        return new Node(name).inSyncSoon();
    }

    private void record(String name) {
        record("default", name, "192.168.2." + (30 + name.charAt(name.length() - 1) % 10));
    }

    private void record(String cluster, String name, String ip) {
        put(
                KEYS.nodes() + cluster + "/" + name,
                "{\"Name\":\"" + name + "\",\"Cluster\":\"" + cluster
                        + "\",\"IPAddresses\":[{\"Type\":\"InternalIP\",\"IP\":\"" + ip + "\"}],\"ClusterID\":0}");
    }

    private void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    private static void eventually(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(10));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(2_000_000);
        }
    }

    /** A node that takes everything in and acknowledges it, or does not. */
    private final class Node implements StreamObserver<StreamIdentitiesResponse> {
        private final StreamObserver<StreamIdentitiesRequest> requests;
        // owned by: the monitor of this
        private final Map<String, Policy> policies = new TreeMap<>();
        // those of the last acknowledgement. owned by: the monitor of this
        private Map<String, Policy> acknowledged = Map.of();
        private boolean inSync;
        private long nonce;
        private long version;
        private volatile boolean silent;
        private volatile String error = "";

        Node(String name) {
            requests = IdentityServiceGrpc.newStub(channel).streamIdentities(this);
            requests.onNext(StreamIdentitiesRequest.newBuilder()
                    .setSubscribe(SubscribeIdentities.newBuilder().setNodeName(name))
                    .build());
        }

        Node inSyncSoon() {
            eventually(() -> {
                synchronized (this) {
                    return inSync;
                }
            });
            return this;
        }

        synchronized Map<String, Policy> policies() {
            return Map.copyOf(policies);
        }

        @Override
        public synchronized void onNext(StreamIdentitiesResponse response) {
            if (response.getSnapshot()) {
                policies.clear();
            }
            response.getPolicyUpsertsList()
                    .forEach(policy -> policies.put(policy.getName().getName(), policy));
            response.getPolicyRemovesList().forEach(name -> policies.remove(name.getName()));
            inSync = response.getInSync();
            nonce = response.getNonce();
            version = response.getVersion();
            if (inSync && !silent) {
                acknowledge();
            }
        }

        synchronized boolean hasAcknowledged(String name, String app) {
            return speaksOf(acknowledged, name, app);
        }

        synchronized void acknowledge() {
            acknowledged = Map.copyOf(policies);
            requests.onNext(StreamIdentitiesRequest.newBuilder()
                    .setAck(AckIdentities.newBuilder()
                            .setNonce(nonce)
                            .setVersion(version)
                            .setError(error))
                    .build());
        }

        void leave() {
            requests.onCompleted();
        }

        @Override
        public void onError(Throwable cause) {
            // the test is over
        }

        @Override
        public void onCompleted() {
            // it left
        }
    }
}
