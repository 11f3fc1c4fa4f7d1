package io.fairlead.node.monitor;

import java.util.List;

/** Where the datapath's events come from. One thread at a time. */
public interface EventSource extends AutoCloseable {
    /** Processors there may be. */
    int processors();

    /** Bytes of the memory shared with the kernel. */
    int size();

    /** Events a record holds at most. */
    int EVENTS_A_RECORD = 4;

    /**
     * Takes what is there.
     *
     * @param most records
     * @param into gets their events, oldest first; what is not understood is left out
     * @return records taken
     */
    int take(int most, List<Event> into);

    /**
     * Events that were lost since the beginning.
     *
     * @param counts gets one number a processor
     */
    void lost(long[] counts);

    @Override
    void close();
}
