package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;

/**
 * Where packets for a node go: a nexthop object of the kernel.
 *
 * @param gateway address of the node
 * @param ifindex device it is reached on
 */
public record NextHop(Ip gateway, int ifindex) {}
