package io.fairlead.node.desired;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.util.Optional;

/**
 * A pod of this node whose identity is known.
 *
 * @param id endpoint id
 * @param device name of the host side of its pair
 * @param ifindex of the host side
 * @param identity its identity
 * @param ipv4 its IPv4 address
 * @param ipv6 its IPv6 address
 * @param mac of the pod's interface
 * @param nodeMac of the host side
 * @param guarded whether the second door, to_container, is to be there by now: it may come after the pod talks
 */
public record Pod(
        int id,
        String device,
        int ifindex,
        IdentityId identity,
        Optional<Ip> ipv4,
        Optional<Ip> ipv6,
        Mac mac,
        Mac nodeMac,
        boolean guarded) {

    /** The same with its second door. */
    public Pod withGuard() {
        return new Pod(id, device, ifindex, identity, ipv4, ipv6, mac, nodeMac, true);
    }
}
