package io.fairlead.node.health;

import java.time.Duration;

/**
 * Who probes whom when, so that a node sends and gets a bounded number of probes a second in a cluster of any size.
 *
 * <p>Time is cut into slots, the same on every node by the wall clock. In slot s the node at place r of the sorted list
 * probes the one at place r + s (modulo the nodes): in every slot each node probes one and is probed by one, and after as
 * many slots as there are nodes everyone has probed everyone. A whole round takes {@code base} times ln(1 + nodes), as
 * Cilium's does, and longer when slots would become shorter than {@link #SHORTEST_SLOT}: from about 1800 nodes on a round
 * is nodes times that. Clocks that differ by d shift who is probed by at most d; they never add probes.
 *
 * <p>A node that is new or has other addresses is not left to its slot: everyone probes it after a random delay within
 * {@link #spread}, which is short in small clusters and lets it be probed once a {@code SHORTEST_SLOT} on average in large
 * ones.
 *
 * @param base of the round's length
 */
record ProbeSchedule(Duration base) {
    /** Between two nodes probed. */
    static final Duration SHORTEST_SLOT = Duration.ofMillis(250);

    /** How long everyone takes to probe everyone once. */
    Duration round(int nodes) {
        return slotLength(nodes).multipliedBy(nodes);
    }

    Duration slotLength(int nodes) {
        long millis = (long) (base.toMillis() * Math.log1p(nodes) / nodes);
        return Duration.ofMillis(Math.max(SHORTEST_SLOT.toMillis(), millis));
    }

    /** Number of the slot at a time, in milliseconds since 1970. */
    long slot(int nodes, long millis) {
        return Math.floorDiv(millis, slotLength(nodes).toMillis());
    }

    /** Milliseconds until the next slot begins. */
    long untilNextSlot(int nodes, long millis) {
        long length = slotLength(nodes).toMillis();
        return length - Math.floorMod(millis, length);
    }

    /** Place of the node that the one at {@code place} probes in a slot; once a round it is itself. */
    int target(int nodes, int place, long slot) {
        return Math.floorMod(place + slot, nodes);
    }

    /** Within which time a new node is probed by all the others. */
    Duration spread(int nodes) {
        return SHORTEST_SLOT.multipliedBy(nodes);
    }
}
