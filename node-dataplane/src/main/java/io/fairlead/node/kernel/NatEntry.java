package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;

/**
 * What an address becomes. Times are ns of CLOCK_MONOTONIC.
 *
 * @param created when the mapping was made
 * @param used when the last packet went through, at most a second late
 * @param to what the source (OUT) or destination (IN) becomes
 * @param port its port
 * @param host the node's own connection, which stays as it is
 */
public record NatEntry(long created, long used, Ip to, int port, boolean host) {}
