package io.fairlead.contract.policy;

import java.util.List;

/**
 * Peers and ports that are allowed or denied.
 *
 * @param deny denies; else allows
 * @param peers any of these; empty for every peer
 * @param ports any of these; empty for every port and protocol
 */
public record DirectionRule(boolean deny, List<Peer> peers, List<Ports> ports) {
    public DirectionRule {
        peers = List.copyOf(peers);
        ports = List.copyOf(ports);
    }
}
