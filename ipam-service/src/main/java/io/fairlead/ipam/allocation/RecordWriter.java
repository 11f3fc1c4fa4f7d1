package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes node records as Cilium's agents read them, and says what counts in one.
 *
 * @param clusterId number of this service's cluster
 */
record RecordWriter(int clusterId) {
    private static final String SOURCE = "local";
    private static final List<String> NETWORKS =
            List.of("IPv4AllocCIDR", "IPv6AllocCIDR", "IPv4SecondaryAllocCIDRs", "IPv6SecondaryAllocCIDRs");

    String encode(Owner owner, Registration asked, List<Cidr> blocks) {
        List<NodeRecord.Address> addresses = asked.addresses().stream()
                .map(a -> new NodeRecord.Address(a.kind().text(), a.ip()))
                .toList();
        NodeRecord.Networks networks = networks(blocks, health(asked, Ip.Family.V4), health(asked, Ip.Family.V6));
        NodeRecord.Details details = new NodeRecord.Details(SOURCE, asked.labels(), 0, 0);
        return new NodeRecord(owner.node(), owner.cluster(), addresses, networks, clusterId, details).encode();
    }

    /** The same record with other pod CIDRs; everything else in it stays, also what is not understood here. */
    static String withPodCidrs(String text, List<Cidr> blocks) {
        NodeRecord node = NodeRecord.decode(text);
        NodeRecord.Networks networks =
                networks(blocks, node.networks().v4Health(), node.networks().v6Health());
        JsonObject changed = new JsonObject(new NodeRecord(
                        node.name(), node.cluster(), node.addresses(), networks, node.clusterId(), node.details())
                .encode());
        JsonObject record = new JsonObject(text);
        for (String field : NETWORKS) {
            if (changed.containsKey(field)) {
                record.put(field, changed.getValue(field));
            } else {
                record.remove(field);
            }
        }
        return record.encode();
    }

    /** The addresses by which other nodes reach a node. */
    static Set<Ip> ownAddresses(NodeRecord node) {
        Set<Ip> own = new TreeSet<>();
        node.addresses().stream()
                .filter(a -> a.type().equals(NodeAddress.Kind.INTERNAL.text()))
                .forEach(a -> own.add(a.ip()));
        return own;
    }

    private static NodeRecord.Networks networks(List<Cidr> blocks, Optional<Ip> v4Health, Optional<Ip> v6Health) {
        Optional<Cidr> v4 = first(blocks, Ip.Family.V4);
        Optional<Cidr> v6 = first(blocks, Ip.Family.V6);
        List<Cidr> more = new ArrayList<>(blocks);
        v4.ifPresent(more::remove);
        v6.ifPresent(more::remove);
        return new NodeRecord.Networks(v4, v6, v4Health, v6Health, more);
    }

    private static Optional<Cidr> first(List<Cidr> blocks, Ip.Family family) {
        return blocks.stream().filter(c -> c.family() == family).findFirst();
    }

    private static Optional<Ip> health(Registration asked, Ip.Family family) {
        return asked.health().stream().filter(ip -> ip.family() == family).findFirst();
    }
}
