package io.fairlead.node.policy;

import java.util.Set;

/** Ids of policies: one after the other from somewhere, so that none is met again soon, by this agent or the next. */
final class PolicyIds {
    private int last; // owned by: reconciler

    /** @param start the first is the one after */
    PolicyIds(int start) {
        last = start;
    }

    /** An id that is not 0 and none of those in use. */
    int next(Set<Integer> inUse) {
        do {
            last++;
        } while (last == 0 || inUse.contains(last));
        return last;
    }
}
