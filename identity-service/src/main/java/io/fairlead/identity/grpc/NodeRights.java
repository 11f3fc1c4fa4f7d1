package io.fairlead.identity.grpc;

import static io.fairlead.runtime.grpc.tls.Rights.ALLOWED;
import static io.fairlead.runtime.grpc.tls.Rights.ownName;
import static io.fairlead.runtime.grpc.tls.Rights.refused;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Label;
import io.fairlead.contract.Labels;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.KvStore;
import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.proto.identity.v1.ReleaseIdentityRequest;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.runtime.grpc.tls.Rights;
import io.fairlead.runtime.grpc.tls.Rights.Check;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who may ask the identity-service for what. A node speaks for itself, publishes addresses of its own pod CIDRs behind
 * its own addresses, and claims no reserved labels but those its pods and its health endpoint have, no other cluster's,
 * and none of a namespace it is kept out of. Policies are admins' to change.
 */
public final class NodeRights implements AutoCloseable {
    private static final String CLUSTER = "io.cilium.k8s.policy.cluster";
    private static final String NAMESPACE = "io.kubernetes.pod.namespace";
    private static final Set<IdentityId.Reserved> OWN = Set.of(IdentityId.Reserved.HEALTH, IdentityId.Reserved.INIT);

    private final KvStore store;
    private final StoreKeys keys;
    private final ClusterName cluster;
    private final NodePlaces places;

    /** Watches what nodes have. */
    public NodeRights(KvStore store, StoreKeys keys, ClusterName cluster) {
        this.store = store;
        this.keys = keys;
        this.cluster = cluster;
        this.places = new NodePlaces(store, keys.nodes() + cluster + "/");
    }

    /** A rule for every method. */
    public Rights rights() {
        return Rights.builder()
                .everybody(PolicyServiceGrpc.getGetPoliciesMethod())
                .admins(PolicyServiceGrpc.getApplyPoliciesMethod(), PolicyServiceGrpc.getDeletePoliciesMethod())
                .nodes(
                        IdentityServiceGrpc.getAllocateIdentityMethod(),
                        both(ownName("allocate", AllocateIdentityRequest::getNodeName), this::allocate))
                .nodes(
                        IdentityServiceGrpc.getReleaseIdentityMethod(),
                        ownName("release", ReleaseIdentityRequest::getNodeName))
                .nodes(
                        IdentityServiceGrpc.getPublishEndpointMethod(),
                        both(ownName("publish", PublishEndpointRequest::getNodeName), this::publish))
                .nodes(
                        IdentityServiceGrpc.getWithdrawEndpointMethod(),
                        both(ownName("withdraw", WithdrawEndpointRequest::getNodeName), this::withdraw))
                .nodes(
                        IdentityServiceGrpc.getStreamIdentitiesMethod(),
                        ownName(
                                "subscribe",
                                (StreamIdentitiesRequest request) ->
                                        request.getSubscribe().getNodeName()))
                .build();
    }

    @Override
    public void close() {
        places.close();
    }

    private static <Q> Check<Q> both(Check<Q> first, Check<Q> second) {
        return (node, request) -> first.refusal(node, request)
                .compose(against ->
                        against.isPresent() ? Future.succeededFuture(against) : second.refusal(node, request));
    }

    private Future<Optional<String>> allocate(String node, AllocateIdentityRequest request) {
        Labels labels = Labels.parse(request.getLabelsList());
        for (Label label : labels.sorted()) {
            boolean own = OWN.stream().anyMatch(r -> r.label().equals(label.key()));
            if (label.source().equals("reserved") && !own) {
                return refused("claim " + label + " (expected: no reserved label but " + ownTexts() + ")");
            }
            if (label.key().equals(CLUSTER) && !label.value().equals(cluster.value())) {
                return refused("claim " + label + " (expected: its own cluster, " + cluster + ")");
            }
        }
        return places.namespaces(node)
                .map(confined -> confined.flatMap(namespaces -> againstNamespaces(labels, namespaces)));
    }

    private static Optional<String> againstNamespaces(Labels labels, Set<String> namespaces) {
        if (labels.sorted().stream().anyMatch(label -> label.source().equals("reserved"))) {
            return Optional.empty();
        }
        List<Label> claimed =
                labels.sorted().stream().filter(l -> l.key().equals(NAMESPACE)).toList();
        if (!claimed.isEmpty() && claimed.stream().allMatch(l -> namespaces.contains(l.value()))) {
            return Optional.empty();
        }
        return Optional.of("claim labels of "
                + (claimed.isEmpty()
                        ? "no namespace"
                        : "namespace " + claimed.get(0).value()) + " (expected: one of " + namespaces + ")");
    }

    private Future<Optional<String>> publish(String node, PublishEndpointRequest request) {
        Ip ip = Ip.parse(request.getIp());
        Ip host = Ip.parse(request.getHostIp());
        IdentityId identity = new IdentityId(request.getIdentity());
        if (identity.reserved().isPresent() && !OWN.contains(identity.reserved().get())) {
            return refused("publish identity " + identity + " (expected: no reserved one but " + ownTexts() + ")");
        }
        return places.record(node, record -> hasCidr(record, ip) && hasAddress(record, host))
                .compose(record -> {
                    if (record.filter(r -> hasCidr(r, ip)).isEmpty()) {
                        return refused("publish " + ip + " (expected: an address of its own pod CIDRs, "
                                + record.map(r -> r.networks().podCidrs().toString())
                                        .orElse("but it has none") + ")");
                    }
                    if (record.filter(r -> hasAddress(r, host)).isEmpty()) {
                        return refused(notItsAddress("publish endpoints behind ", host, record));
                    }
                    return places.namespaces(node)
                            .compose(confined ->
                                    confined.isEmpty() || identity.reserved().isPresent()
                                            ? ALLOWED
                                            : publish(request.getNamespace(), identity, confined.get()));
                });
    }

    /** A node that is confined may not show an endpoint as one of another namespace, nor under labels of one. */
    private Future<Optional<String>> publish(String namespace, IdentityId identity, Set<String> namespaces) {
        if (!namespaces.contains(namespace)) {
            return refused(
                    "publish an endpoint of namespace \"" + namespace + "\" (expected: one of " + namespaces + ")");
        }
        // what has no labels is refused where it is published
        return store.get(keys.identityById(identity))
                .map(entry ->
                        entry.flatMap(there -> againstNamespaces(Labels.decodeIdentity(there.value()), namespaces)));
    }

    private Future<Optional<String>> withdraw(String node, WithdrawEndpointRequest request) {
        Ip host = Ip.parse(request.getHostIp());
        return places.record(node, record -> hasAddress(record, host))
                .map(record -> record.filter(r -> hasAddress(r, host)).isPresent()
                        ? Optional.empty()
                        : Optional.of(notItsAddress("withdraw endpoints behind ", host, record)));
    }

    private static boolean hasCidr(NodeRecord record, Ip ip) {
        return record.networks().podCidrs().stream().anyMatch(cidr -> cidr.contains(ip));
    }

    private static boolean hasAddress(NodeRecord record, Ip ip) {
        return record.addresses().stream().anyMatch(address -> address.ip().equals(ip));
    }

    private static String notItsAddress(String verb, Ip host, Optional<NodeRecord> record) {
        return verb + host + " (expected: an address of its own, "
                + record.map(r -> r.addresses().stream()
                                .map(a -> a.ip().toString())
                                .toList()
                                .toString())
                        .orElse("but it has not registered")
                + ")";
    }

    private static String ownTexts() {
        Set<String> texts = new TreeSet<>();
        OWN.forEach(r -> texts.add("reserved:" + r.label()));
        return String.join(" and ", texts);
    }
}
