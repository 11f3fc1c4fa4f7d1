package io.fairlead.node.kernel;

import java.util.Optional;
import java.util.function.BiConsumer;

/** Address translations of one family, two entries each. */
public interface TranslationTable extends FlowTable {
    /**
     * Gives every entry that was last used before a time; those written meanwhile may be seen, or not, or twice.
     *
     * @param usedBefore in ns of CLOCK_MONOTONIC; Long.MAX_VALUE for all
     * @return how many entries there are, given or not
     * @throws KernelException when it cannot be read
     */
    int read(long usedBefore, BiConsumer<NatKey, NatEntry> to);

    Optional<NatEntry> find(NatKey key);

    /**
     * Removes an entry unless it is another by now, or was used.
     *
     * @param as how it was seen
     * @return whether it was there and is gone
     */
    boolean remove(NatKey key, NatEntry as);
}
