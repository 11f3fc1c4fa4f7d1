package io.fairlead.node.desired;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import java.util.List;

/**
 * This node.
 *
 * @param name its name
 * @param cluster its cluster
 * @param address the address other nodes reach it at
 * @param podCidrs what its pods get addresses from
 * @param routers its own address in each of them, in the same order: the pods' gateway
 */
public record LocalNode(NodeName name, ClusterName cluster, Ip address, List<Cidr> podCidrs, List<Ip> routers) {
    public LocalNode {
        podCidrs = List.copyOf(podCidrs);
        routers = List.copyOf(routers);
        if (routers.size() != podCidrs.size()) {
            throw new IllegalArgumentException(
                    "router addresses: " + routers + " (expected: one for each of " + podCidrs + ")");
        }
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
