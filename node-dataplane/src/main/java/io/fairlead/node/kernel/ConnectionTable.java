package io.fairlead.node.kernel;

import java.util.OptionalLong;
import java.util.function.BiConsumer;

/** Connections of one family, either those of TCP or all others. */
public interface ConnectionTable extends FlowTable {
    /**
     * Gives every entry; those written meanwhile may be seen, or not, or twice.
     *
     * @throws KernelException when it cannot be read
     */
    void read(BiConsumer<CtKey, CtEntry> to);

    /**
     * From when on a connection does not count, in ns of CLOCK_MONOTONIC; empty when it is not there.
     *
     * @param key its ends in either order
     */
    OptionalLong expires(CtKey key);

    /**
     * Removes what has expired. An entry that a packet refreshes meanwhile stays.
     *
     * @param now in ns of CLOCK_MONOTONIC; what counts until then or less has expired
     * @throws KernelException when it cannot be read or written; what was removed is gone
     */
    Sweep sweep(long now);

    /**
     * Removes everything that is there now.
     *
     * @return how many entries went
     */
    int flush();
}
