package io.fairlead.node.policy;

import io.fairlead.contract.policy.Peer;
import java.util.List;

/**
 * What judges the endpoints of one identity, before it is said which identities peers are.
 *
 * @param lines rules in the order of their policies
 * @param ingress whether they receive only what is allowed
 * @param egress whether they send only what is allowed
 * @param audit whether what is forbidden is told and passes
 */
record RuleSet(List<Line> lines, boolean ingress, boolean egress, boolean audit) {
    /** Everything passes. */
    static final RuleSet NONE = new RuleSet(List.of(), false, false, false);

    RuleSet {
        lines = List.copyOf(lines);
    }

    /**
     * One rule of one direction.
     *
     * @param rule its number
     * @param ingress of what is received
     * @param deny forbids
     * @param everybody whether every peer is meant, known or not
     * @param peers else these
     * @param blocks ports
     */
    record Line(int rule, boolean ingress, boolean deny, boolean everybody, List<Peer> peers, List<PortBlock> blocks) {
        Line {
            peers = List.copyOf(peers);
            blocks = List.copyOf(blocks);
        }
    }

    /** Nothing is allowed that nobody says is, and nothing is said: as good as no rules. */
    boolean isNone() {
        return lines.isEmpty() && !ingress && !egress;
    }
}
