package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Makes node records as Cilium's agents read them, and says what counts in one.
 *
 * @param clusterId number of this service's cluster
 */
record RecordWriter(int clusterId) {
    private static final String SOURCE = "local";

    String encode(Owner owner, Registration asked, Cidr block) {
        List<NodeRecord.Address> addresses = asked.addresses().stream()
                .map(a -> new NodeRecord.Address(a.kind().text(), a.ip()))
                .toList();
        NodeRecord.Networks networks = new NodeRecord.Networks(
                Optional.of(block), Optional.empty(), health(asked, Ip.Family.V4), health(asked, Ip.Family.V6));
        NodeRecord.Details details = new NodeRecord.Details(SOURCE, asked.labels(), 0, 0);
        return new NodeRecord(owner.node(), owner.cluster(), addresses, networks, clusterId, details).encode();
    }

    /** The prefixes pods of a node have addresses from. */
    static List<Cidr> podCidrs(NodeRecord node) {
        return Stream.of(node.networks().v4Alloc(), node.networks().v6Alloc())
                .flatMap(Optional::stream)
                .toList();
    }

    /** The addresses by which other nodes reach a node. */
    static Set<Ip> ownAddresses(NodeRecord node) {
        Set<Ip> own = new TreeSet<>();
        node.addresses().stream()
                .filter(a -> a.type().equals(NodeAddress.Kind.INTERNAL.text()))
                .forEach(a -> own.add(a.ip()));
        return own;
    }

    private static Optional<Ip> health(Registration asked, Ip.Family family) {
        return asked.health().stream().filter(ip -> ip.family() == family).findFirst();
    }
}
