package io.fairlead.contract.policy;

import java.util.List;

/**
 * What some endpoints may receive and send.
 *
 * @param subject the endpoints
 * @param ingress what they may receive
 * @param egress what they may send
 * @param enforcesIngress whether, in mode "default", an endpoint it is about receives only what rules allow
 * @param enforcesEgress as enforcesIngress, of what it sends
 */
public record Rule(
        Selector subject,
        List<DirectionRule> ingress,
        List<DirectionRule> egress,
        boolean enforcesIngress,
        boolean enforcesEgress) {
    public Rule {
        ingress = List.copyOf(ingress);
        egress = List.copyOf(egress);
    }
}
