package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import java.util.List;

/**
 * A node to be probed.
 *
 * @param name its name; with "cluster/" before it when that is not the default one
 * @param local whether it is this node
 * @param host its addresses, IPv4 first
 * @param endpoint addresses of its health endpoint, IPv4 first; empty while none is known
 */
public record HealthNode(String name, boolean local, List<Ip> host, List<Ip> endpoint) {
    public HealthNode {
        host = List.copyOf(host);
        endpoint = List.copyOf(endpoint);
    }
}
