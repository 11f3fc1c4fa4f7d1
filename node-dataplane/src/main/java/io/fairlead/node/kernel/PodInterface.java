package io.fairlead.node.kernel;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.util.Optional;

/**
 * Entry of the map "interfaces": which endpoint is behind a device. A device without an entry carries nothing.
 *
 * @param id endpoint id
 * @param identity its security identity
 * @param ipv4 the only IPv4 address it may send from
 * @param ipv6 the only IPv6 address it may send from
 * @param policy what judges it
 * @param mac address of the pod's interface
 * @param nodeMac address of the host side, which is the gateway's for the pod
 */
public record PodInterface(
        int id, IdentityId identity, Optional<Ip> ipv4, Optional<Ip> ipv6, PolicyRef policy, Mac mac, Mac nodeMac) {}
