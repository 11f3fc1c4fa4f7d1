package io.fairlead.node.kernel;

import java.util.Set;

/**
 * A connection as the programs keep it. Times are ns of CLOCK_MONOTONIC.
 *
 * @param expires from when on it does not count
 * @param begun packets of who began it
 * @param answered packets of the other
 * @param judged what its verdicts were made from
 * @param flags what is known of it
 */
public record CtEntry(long expires, Half begun, Half answered, Judged judged, Set<Flag> flags) {
    /**
     * The packets of one side.
     *
     * @param packets how many
     * @param bytes of all of them
     * @param reported when one was last traced, 0 for never
     * @param tcpFlags all flags seen
     * @param reportedFlags those that were traced
     */
    public record Half(long packets, long bytes, long reported, int tcpFlags, int reportedFlags) {}

    /**
     * What verdicts were made from.
     *
     * @param ingressPolicy id of the policy of who receives
     * @param egressPolicy id of the policy of who began it
     * @param srcIdentity of who began it, unsigned
     * @param dstIdentity of the other, unsigned
     */
    public record Judged(int ingressPolicy, int egressPolicy, int srcIdentity, int dstIdentity) {}

    /** What is known of a connection; CT_ and the name is the name in enum ct_flags. */
    public enum Flag {
        /** The second of the key began it; else the first. */
        BEGUN_BY_SECOND,
        /** Judged for who receives, a pod of this node. */
        INGRESS,
        /** Judged for who began it, a pod of this node. */
        EGRESS,
        /** Who began it has said FIN or RST. */
        CLOSING,
        /** The other has. */
        CLOSING_REPLY,
        /** TCP that was not seen to begin. */
        SEEN_NON_SYN
    }

    public CtEntry {
        flags = Set.copyOf(flags);
    }
}
