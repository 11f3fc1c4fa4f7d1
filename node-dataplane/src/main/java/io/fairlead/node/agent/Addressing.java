package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The node's addresses and those of its pods, as the agent was told.
 *
 * @param families pods have an address of
 * @param ipv4Node address other nodes reach this one at; empty to take the first device's
 * @param ipv6Node the same for IPv6
 * @param defaultPool where pods get theirs that ask for no other
 * @param preAllocate free addresses below which another block is asked for
 * @param claimTimeout after which an address that no endpoint claimed is given back
 */
record Addressing(
        Set<Ip.Family> families,
        Optional<Ip> ipv4Node,
        Optional<Ip> ipv6Node,
        String defaultPool,
        int preAllocate,
        Duration claimTimeout) {
    Addressing {
        families = Set.copyOf(families);
        if (families.isEmpty()) {
            throw new IllegalArgumentException(
                    "enable-ipv4: false, enable-ipv6: false (expected: at least one of them true)");
        }
    }

    Optional<Ip> node(Ip.Family family) {
        return family == Ip.Family.V4 ? ipv4Node : ipv6Node;
    }

    /** The addresses that were said, of families pods have. */
    List<Ip> known() {
        return Stream.of(ipv4Node, ipv6Node)
                .flatMap(Optional::stream)
                .filter(ip -> families.contains(ip.family()))
                .toList();
    }
}
