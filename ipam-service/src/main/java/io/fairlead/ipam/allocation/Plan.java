package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.List;

/** What to do for a registration, given what was seen. */
sealed interface Plan {
    /** Everything is in the store already. */
    record Nothing(Registered registered) implements Plan {}

    /** A block has to be chosen first: the node holds none and asks for none. */
    record Choose() implements Plan {}

    /** The block that was chosen has meanwhile been claimed by another node. */
    record Lost(Cidr block) implements Plan {}

    /**
     * One transaction makes it so.
     *
     * @param podCidr the block the node has after it
     * @param txn its {@code otherwise} does {@code reads}
     */
    record Write(Cidr podCidr, Txn txn, List<Op> reads) implements Plan {}
}
