package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.List;

/** What to do for a request, given what was seen. */
sealed interface Plan {
    /** Everything is in the store already. */
    record Nothing(Registered registered) implements Plan {}

    /** A block of a family has to be chosen first. */
    record Choose(Ip.Family family) implements Plan {}

    /** The block that was chosen has meanwhile been claimed by another node, or is withheld. */
    record Lost(Cidr block) implements Plan {}

    /** The watch says that a key of the store stands in the way; if it is still there, this is the refusal. */
    record Doubt(String key, IpamException refusal) implements Plan {}

    /**
     * One transaction makes it so.
     *
     * @param podCidrs the blocks the node has after it
     * @param txn its {@code otherwise} does {@code reads}
     */
    record Write(List<Cidr> podCidrs, Txn txn, List<Op> reads) implements Plan {
        static Plan of(List<Cidr> podCidrs, Change change) {
            return new Write(podCidrs, change.txn(), change.reads());
        }
    }
}
