package io.fairlead.node.kernel;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Mac;

/**
 * Entry of the map "endpoints": who on this node has an address.
 *
 * @param ifindex host side of its veth pair; 0 for the node itself
 * @param id endpoint id, 0 for the node itself
 * @param host true for an address of the node itself
 * @param identity its security identity
 * @param policy what judges it
 * @param mac address of the pod's interface
 * @param nodeMac address of the host side
 */
public record LocalEndpoint(
        int ifindex, int id, boolean host, IdentityId identity, PolicyRef policy, Mac mac, Mac nodeMac) {}
