package io.fairlead.node.desired;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;

/**
 * A pod CIDR of the cluster, as the distributor says it.
 *
 * @param cidr the pod CIDR
 * @param nextHop address of the node that has it
 * @param nodeName that node
 * @param clusterName its cluster
 */
public record PeerRoute(Cidr cidr, Ip nextHop, String nodeName, String clusterName) {}
