package io.fairlead.ipam.allocation;

import io.fairlead.kvstore.Op;
import java.util.List;

/** A request about one node, planned anew from whatever was seen last. */
interface Work {
    Owner owner();

    /** Name of the pool blocks are chosen from. */
    String pool();

    /** True when it may be planned as if nothing of the node were in the store; then the transaction makes sure. */
    default boolean startsFromNothing() {
        return false;
    }

    /** What must be known before anything can be planned. */
    List<Op> firstReads();

    /**
     * What to do.
     *
     * @throws IpamException when the request cannot be carried out
     */
    Plan plan(Seen seen, Choice choice);
}
