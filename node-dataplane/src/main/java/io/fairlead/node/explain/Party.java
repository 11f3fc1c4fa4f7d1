package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.Pod;
import java.util.Optional;

/**
 * One side of a packet.
 *
 * @param text as it was asked for
 * @param ipv4 its IPv4 address
 * @param ipv6 its IPv6 address
 * @param place where it is
 */
record Party(String text, Optional<Ip> ipv4, Optional<Ip> ipv6, Place place) {
    Party(String text, Ip address, Place place) {
        this(
                text,
                address.isV4() ? Optional.of(address) : Optional.empty(),
                address.isV4() ? Optional.empty() : Optional.of(address),
                place);
    }

    /** Where a side is. */
    sealed interface Place {}

    /** A pod of this node. */
    record Here(Pod pod) implements Place {}

    /** This node itself. */
    record Host() implements Place {}

    /** A pod of another node. */
    record Elsewhere(Ip node) implements Place {}

    /** Another node, or an address that is not the cluster's. */
    record Outside() implements Place {}

    Optional<Ip> ip(Ip.Family family) {
        return family == Ip.Family.V4 ? ipv4 : ipv6;
    }
}
