package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;
import org.jspecify.annotations.Nullable;

/**
 * Where packets for a node go: a nexthop object of the kernel.
 *
 * @param gateway address of the node
 * @param ifindex device it is reached on
 */
public record NextHop(Ip gateway, int ifindex) {
    // Asked for each route of a cluster: what the compiler makes of a record is several times slower before it is
    // compiled with full optimisation, which the agent's virtual machine never does.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NextHop hop && ifindex == hop.ifindex && gateway.equals(hop.gateway);
    }

    @Override
    public int hashCode() {
        return 31 * gateway.hashCode() + ifindex;
    }
}
