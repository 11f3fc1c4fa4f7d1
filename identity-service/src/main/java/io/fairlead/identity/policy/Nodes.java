package io.fairlead.identity.policy;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;

/** The nodes of the cluster, as far as policies are in force there. */
@FunctionalInterface
public interface Nodes {
    /**
     * Waits until every node has what the store had at a revision, or the time is over.
     *
     * @return how far they are then; does not fail
     */
    Future<Progress> reach(long revision, Duration wait);

    /**
     * How far nodes are.
     *
     * @param nodes how many there are
     * @param late those that are not there yet, or could not, by name
     */
    record Progress(int nodes, List<Late> late) {
        public Progress {
            late = List.copyOf(late);
        }

        /** How many have it. */
        public int inForce() {
            return nodes - late.size();
        }
    }

    /** A node that is late and why. */
    record Late(String node, String reason) {}
}
