package io.fairlead.node.explain;

import java.util.Optional;

/**
 * What is asked.
 *
 * @param source "namespace/pod", an endpoint id, an address, "host" or "world"
 * @param destination as source
 * @param protocol empty: TCP when there is a port, else an echo
 * @param port of the destination, 0 for none
 * @param sourcePort 0 to have one chosen
 */
public record Question(String source, String destination, Optional<Protocol> protocol, int port, int sourcePort) {}
