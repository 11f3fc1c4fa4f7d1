package io.fairlead.node.explain;

import java.util.ArrayList;
import java.util.List;

/**
 * What becomes of a packet.
 *
 * @param hops the programs it met, in order
 * @param allowed whether it arrives
 * @param reason where it arrives, or why it does not
 */
public record Explanation(List<Hop> hops, boolean allowed, String reason) {
    public Explanation {
        hops = List.copyOf(hops);
    }

    /**
     * One program, or the node's stack.
     *
     * @param node it is on
     * @param program its name; "stack" for the node's own routing
     * @param device it is attached to, with the direction; empty for the stack
     * @param decisions in the order they were taken
     */
    public record Hop(String node, String program, String device, List<Decision> decisions) {
        public Hop {
            decisions = List.copyOf(decisions);
        }
    }

    /** One decision: what it is about and how it was taken, one line each. */
    public record Decision(String what, String text) {}

    /** The same with hops before it. */
    Explanation after(List<Hop> earlier) {
        List<Hop> all = new ArrayList<>(earlier);
        all.addAll(hops);
        return new Explanation(all, allowed, reason);
    }

    /** "ALLOWED" or "DROPPED". */
    public String verdict() {
        return allowed ? "ALLOWED" : "DROPPED";
    }
}
