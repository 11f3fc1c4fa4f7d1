package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.LocalNode;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Whether an address is that of a node: this one's, or one that pod CIDRs are routed to. Several threads may ask.
 *
 * @param node this node
 * @param state what it was told
 */
public record NodeAddresses(LocalNode node, Supplier<DesiredState> state) implements Predicate<Ip> {
    @Override
    public boolean test(Ip ip) {
        return node.addresses().contains(ip)
                || state.get().hostAddresses().contains(ip)
                || state.get().routes().values().stream()
                        .anyMatch(route -> route.nextHop().equals(ip));
    }
}
