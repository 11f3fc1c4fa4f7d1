package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;

/**
 * The way to a pod CIDR.
 *
 * @param cidr pods behind the node
 * @param nextHop the node's address, of the CIDR's family
 * @param node that has the pods
 * @param cluster of the node
 * @param revision of the node record this comes from
 */
public record Route(Cidr cidr, Ip nextHop, NodeName node, ClusterName cluster, long revision) {
    /** The same way, whatever record says so: a new revision alone is no news for a kernel. */
    boolean leadsTheSameWay(Route other) {
        return nextHop.equals(other.nextHop) && node.equals(other.node) && cluster.equals(other.cluster);
    }

    /** The same from another revision of the record. */
    Route at(long newRevision) {
        return new Route(cidr, nextHop, node, cluster, newRevision);
    }
}
