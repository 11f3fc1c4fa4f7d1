package io.fairlead.soak.check;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.soak.client.NodeTables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The tables every node should have, computed from the store's content without the services' code for it. */
public final class ExpectedTables {
    private static final int SHOWN = 5;

    private ExpectedTables() {}

    /** What the store comes to. */
    public static NodeTables of(StoreModel store) {
        Map<String, String> routes = new TreeMap<>();
        Map<String, NodeTables.Ip> ips = new TreeMap<>();
        store.ips()
                .values()
                .forEach(ip -> ips.put(
                        ip.address().toString(),
                        new NodeTables.Ip(
                                Integer.toUnsignedLong(ip.id().value()),
                                ip.host().map(Ip::toString).orElse(""))));
        for (NodeRecord node : store.nodes().values()) {
            for (Cidr cidr : node.networks().podCidrs()) {
                node.routable(cidr.family()).ifPresent(hop -> routes.put(cidr.toString(), hop.toString()));
            }
            for (NodeRecord.Address address : node.addresses()) {
                if (address.type().endsWith("InternalIP")) {
                    ips.put(
                            address.ip().toCidr().toString(),
                            new NodeTables.Ip(
                                    Integer.toUnsignedLong(IdentityId.REMOTE_NODE.value()),
                                    node.routable(address.ip().family())
                                            .map(Ip::toString)
                                            .orElse("")));
                }
            }
        }
        Map<Integer, String> identities = new TreeMap<>();
        store.labels()
                .forEach((id, encoded) -> identities.put(
                        id.value(), String.join(",", Labels.decode(encoded).texts())));
        Map<NodeTables.PolicyKey, Object> policies = new TreeMap<>();
        store.policies().forEach((key, record) -> {
            PolicyName name = PolicyKeys.parse(key);
            policies.put(
                    new NodeTables.PolicyKey(name.kind().text(), name.namespace(), name.name()),
                    PolicyMessages.message(record.policy(name)));
        });
        return new NodeTables(routes, ips, identities, policies);
    }

    /** What a node lacks, has too much, or has otherwise; empty when nothing. A few of each table. */
    public static List<String> differences(NodeTables expected, NodeTables has) {
        List<String> all = new ArrayList<>();
        differences("route", expected.routes(), has.routes(), all);
        differences("address", expected.ips(), has.ips(), all);
        differences("identity", expected.identities(), has.identities(), all);
        differences("policy", expected.policies(), has.policies(), all);
        return all;
    }

    private static <K> void differences(String what, Map<K, ?> expected, Map<K, ?> has, List<String> all) {
        if (expected.equals(has)) {
            return;
        }
        TreeSet<K> keys = new TreeSet<>(expected.keySet());
        keys.addAll(has.keySet());
        int count = 0;
        for (K key : keys) {
            Object wanted = expected.get(key);
            Object there = has.get(key);
            if (!Objects.equals(wanted, there) && count++ < SHOWN) {
                all.add(what + " " + key + ": " + one(there) + " (expected: " + one(wanted) + ")");
            }
        }
        if (count > SHOWN) {
            all.add("and " + (count - SHOWN) + " more of this table");
        }
    }

    private static String one(@Nullable Object value) {
        return value == null ? "nothing" : String.valueOf(value).replace('\n', ' ');
    }
}
