package io.fairlead.node.desired;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * This node, as it was when the agent started.
 *
 * @param name its name
 * @param cluster its cluster
 * @param addresses those other nodes reach it at, at most one a family, the first the one it is known by
 * @param podCidrs what its pods get addresses from; which they are now is in {@link DesiredState#podCidrs(LocalNode)}
 * @param routers its own address among its pods', one a family: their gateway
 */
public record LocalNode(NodeName name, ClusterName cluster, List<Ip> addresses, List<Cidr> podCidrs, List<Ip> routers) {
    public LocalNode {
        addresses = List.copyOf(addresses);
        podCidrs = List.copyOf(podCidrs);
        routers = List.copyOf(routers);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("addresses of node " + name + ": none (expected: at least one)");
        }
        Stream<Ip.Family> families =
                podCidrs.stream().map(Cidr::family).distinct().sorted();
        if (!routers.stream().map(Ip::family).sorted().toList().equals(families.toList())) {
            throw new IllegalArgumentException(
                    "router addresses: " + routers + " (expected: one for each family of " + podCidrs + ")");
        }
    }

    /** A node that is reached at one address. */
    public LocalNode(NodeName name, ClusterName cluster, Ip address, List<Cidr> podCidrs, List<Ip> routers) {
        this(name, cluster, List.of(address), podCidrs, routers);
    }

    /** The address it is known by. */
    public Ip address() {
        return addresses.get(0);
    }

    /** The address of a family other nodes reach it at. */
    public Optional<Ip> address(Ip.Family family) {
        return addresses.stream().filter(ip -> ip.family() == family).findFirst();
    }

    /** Its own address among its pods' of a family. */
    public Optional<Ip> router(Ip.Family family) {
        return routers.stream().filter(ip -> ip.family() == family).findFirst();
    }

    /** True for the route to this node's own pods. */
    public boolean owns(PeerRoute route) {
        return route.nodeName().equals(name.value()) && route.clusterName().equals(cluster.value());
    }

    /** The node as lists show it: "cluster/name". */
    public String fullName() {
        return cluster + "/" + name;
    }
}
