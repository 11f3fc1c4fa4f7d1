package io.fairlead.node.registration;

import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import java.util.List;
import java.util.Set;

/**
 * What a node registers as.
 *
 * @param name its name
 * @param addresses those others reach it at, at most one a family, the first the one it is known by
 * @param families its pods have an address of
 * @param pool name of the pool its first blocks are from
 * @param onDevice addresses its router has on the device now; one that fits is kept when nothing else is known
 */
public record Wanted(NodeName name, List<Ip> addresses, Set<Ip.Family> families, String pool, List<Ip> onDevice) {
    public Wanted {
        addresses = List.copyOf(addresses);
        families = Set.copyOf(families);
        onDevice = List.copyOf(onDevice);
        if (families.isEmpty()) {
            throw new IllegalArgumentException("families of pods: none (expected: IPv4, IPv6 or both)");
        }
    }
}
