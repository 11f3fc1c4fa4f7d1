package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;
import java.util.Optional;

/**
 * What pods' packets that leave by a device are from.
 *
 * @param ipv4 for IPv4; empty when it has none, and packets leave as they are
 * @param ipv6 for IPv6
 */
public record MasqueradeAddress(Optional<Ip> ipv4, Optional<Ip> ipv6) {}
