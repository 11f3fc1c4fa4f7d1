package io.fairlead.identity.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.proto.identity.v1.ReleaseIdentityRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.SubscribeIdentities;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.runtime.grpc.tls.Caller;
import io.fairlead.runtime.grpc.tls.Rights;
import io.grpc.MethodDescriptor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NodeRightsTest {
    private static final Caller DEV1 = new Caller(Caller.Kind.NODE, "dev1");
    private static final Caller ADMIN = new Caller(Caller.Kind.ADMIN, "me");
    private static final String NAMESPACE = "k8s:io.kubernetes.pod.namespace=";

    private final MemoryKvStore store = new MemoryKvStore();
    private final NodeRights nodeRights = new NodeRights(store, StoreKeys.DEFAULT, ClusterName.DEFAULT);
    private final Rights rights = nodeRights.rights();

    @BeforeEach
    void registerDev1() throws Exception {
        NodeRecord record = new NodeRecord(
                new NodeName("dev1"),
                ClusterName.DEFAULT,
                List.of(new NodeRecord.Address(NodeRecord.Address.INTERNAL, Ip.parse("192.168.2.31"))),
                NodeRecord.Networks.v4(Cidr.parse("10.244.1.0/24")),
                0,
                NodeRecord.Details.NONE);
        put("cilium/state/nodes/v1/default/dev1", record.encode());
    }

    @AfterEach
    void close() {
        nodeRights.close();
        store.close();
    }

    private void put(String key, String value) throws Exception {
        store.commit(Txn.when().then(Op.put(key, value)))
                .toCompletionStage()
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    private <Q> String refusal(Caller caller, MethodDescriptor<Q, ?> method, Q request) throws Exception {
        return rights.refusal(caller, method, request)
                .toCompletionStage()
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS)
                .orElse("");
    }

    private String allocate(String node, String... labels) throws Exception {
        return refusal(
                DEV1,
                IdentityServiceGrpc.getAllocateIdentityMethod(),
                AllocateIdentityRequest.newBuilder()
                        .setNodeName(node)
                        .addAllLabels(List.of(labels))
                        .build());
    }

    private String publish(String node, String ip, String host, int identity, String namespace) throws Exception {
        return refusal(
                DEV1,
                IdentityServiceGrpc.getPublishEndpointMethod(),
                PublishEndpointRequest.newBuilder()
                        .setNodeName(node)
                        .setIp(ip)
                        .setHostIp(host)
                        .setIdentity(identity)
                        .setNamespace(namespace)
                        .build());
    }

    @Test
    void everyMethodHasARule() {
        assertThat(Stream.concat(
                        IdentityServiceGrpc.getServiceDescriptor().getMethods().stream(),
                        PolicyServiceGrpc.getServiceDescriptor().getMethods().stream()))
                .allSatisfy(method -> assertThat(rights.names(method))
                        .as(method.getFullMethodName())
                        .isTrue());
    }

    @Test
    void aNodeSpeaksForItselfAlone() throws Exception {
        String expected = " as dev2 (expected: its own name)";
        assertThat(allocate("dev2", "k8s:app=web")).isEqualTo("node:dev1 may not allocate" + expected);
        assertThat(publish("dev2", "10.244.1.5", "192.168.2.31", 1000, "shop"))
                .isEqualTo("node:dev1 may not publish" + expected);
        assertThat(refusal(
                        DEV1,
                        IdentityServiceGrpc.getReleaseIdentityMethod(),
                        ReleaseIdentityRequest.newBuilder().setNodeName("dev2").build()))
                .endsWith(expected);
        assertThat(refusal(
                        DEV1,
                        IdentityServiceGrpc.getWithdrawEndpointMethod(),
                        WithdrawEndpointRequest.newBuilder().setNodeName("dev2").build()))
                .endsWith(expected);
        assertThat(refusal(
                        DEV1,
                        IdentityServiceGrpc.getStreamIdentitiesMethod(),
                        StreamIdentitiesRequest.newBuilder()
                                .setSubscribe(SubscribeIdentities.newBuilder().setNodeName("dev2"))
                                .build()))
                .endsWith(expected);
    }

    @Test
    void anAddressOutsideItsCidrOrBehindAnotherNodeIsRefused() throws Exception {
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 1000, "shop")).isEmpty();
        assertThat(publish("dev1", "10.244.2.5", "192.168.2.31", 1000, "shop"))
                .isEqualTo(
                        "node:dev1 may not publish 10.244.2.5 (expected: an address of its own pod CIDRs, [10.244.1.0/24])");
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.32", 1000, "shop"))
                .isEqualTo("node:dev1 may not publish endpoints behind 192.168.2.32 (expected: an address of its own,"
                        + " [192.168.2.31])");
        WithdrawEndpointRequest other = WithdrawEndpointRequest.newBuilder()
                .setNodeName("dev1")
                .setIp("10.244.2.5")
                .setHostIp("192.168.2.32")
                .build();
        assertThat(refusal(DEV1, IdentityServiceGrpc.getWithdrawEndpointMethod(), other))
                .contains("may not withdraw endpoints behind 192.168.2.32");
        assertThat(refusal(
                        new Caller(Caller.Kind.NODE, "dev9"),
                        IdentityServiceGrpc.getWithdrawEndpointMethod(),
                        other.toBuilder().setNodeName("dev9").build()))
                .contains("it has not registered");
    }

    @Test
    void aLabelSetItMayNotClaimIsRefused() throws Exception {
        assertThat(allocate("dev1", "k8s:app=web", NAMESPACE + "shop")).isEmpty();
        assertThat(allocate("dev1", "reserved:health")).isEmpty();
        for (String label : List.of("reserved:host", "reserved:kube-apiserver", "reserved:world")) {
            assertThat(allocate("dev1", label)).contains("may not claim " + label);
        }
        assertThat(allocate("dev1", "k8s:io.cilium.k8s.policy.cluster=default")).isEmpty();
        assertThat(allocate("dev1", "k8s:io.cilium.k8s.policy.cluster=other"))
                .contains("may not claim k8s:io.cilium.k8s.policy.cluster=other (expected: its own cluster, default)");
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 4, "")).isEmpty();
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 1, "")).contains("may not publish identity");
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 6, "")).contains("may not publish identity");
    }

    @Test
    void aConfinedNodeStaysInItsNamespaces() throws Exception {
        put(NodePlaces.RIGHTS + "dev1", "{\"namespaces\": [\"shop\"]}");
        put(
                "cilium/state/identities/v1/id/1000",
                Labels.parse(List.of(NAMESPACE + "shop")).encoded());
        put(
                "cilium/state/identities/v1/id/1001",
                Labels.parse(List.of(NAMESPACE + "bank")).encoded());
        awaitConfined();
        assertThat(allocate("dev1", NAMESPACE + "shop")).isEmpty();
        assertThat(allocate("dev1", "reserved:health")).isEmpty();
        assertThat(allocate("dev1", NAMESPACE + "bank"))
                .isEqualTo("node:dev1 may not claim labels of namespace bank (expected: one of [shop])");
        assertThat(allocate("dev1", "k8s:app=web")).contains("claim labels of no namespace");
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 1000, "shop")).isEmpty();
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 1000, "bank")).contains("namespace \"bank\"");
        assertThat(publish("dev1", "10.244.1.5", "192.168.2.31", 1001, "shop")).contains("namespace bank");
        put(NodePlaces.RIGHTS + "dev1", "broken");
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (allocate("dev1", NAMESPACE + "shop").isEmpty()) {
            assertThat(System.nanoTime())
                    .as("what cannot be read allows nothing")
                    .isLessThan(limit);
        }
    }

    private void awaitConfined() throws Exception {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (allocate("dev1", NAMESPACE + "bank").isEmpty()) {
            assertThat(System.nanoTime()).isLessThan(limit);
        }
    }

    @Test
    void policiesAreAdminsToChange() throws Exception {
        for (Caller caller : List.of(DEV1, new Caller(Caller.Kind.SERVICE, "ipam"))) {
            assertThat(refusal(
                            caller,
                            PolicyServiceGrpc.getApplyPoliciesMethod(),
                            ApplyPoliciesRequest.getDefaultInstance()))
                    .endsWith("(expected: an admin)");
            assertThat(refusal(
                            caller,
                            PolicyServiceGrpc.getDeletePoliciesMethod(),
                            DeletePoliciesRequest.getDefaultInstance()))
                    .endsWith("(expected: an admin)");
            assertThat(refusal(
                            caller, PolicyServiceGrpc.getGetPoliciesMethod(), GetPoliciesRequest.getDefaultInstance()))
                    .isEmpty();
        }
        assertThat(refusal(
                        ADMIN, PolicyServiceGrpc.getApplyPoliciesMethod(), ApplyPoliciesRequest.getDefaultInstance()))
                .isEmpty();
    }
}
