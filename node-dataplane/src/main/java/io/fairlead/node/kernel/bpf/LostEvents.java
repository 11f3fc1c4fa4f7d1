package io.fairlead.node.kernel.bpf;

import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.nio.ByteBuffer;

/** The map "lost_events": events that found no room in the ring buffer, of each processor. One thread at a time. */
public final class LostEvents {
    private final BpfMap map;
    private final ByteBuffer key = Bpf.integer(0);
    private final ByteBuffer values;
    private final int processors;

    /** @param map the open map "lost_events" */
    public LostEvents(BpfMap map) {
        this.map = map;
        processors = Native.call("number of processors", Bpf.LIB::libbpf_num_possible_cpus);
        values = Bpf.buffer(processors * Long.BYTES);
    }

    /** Processors there may be. */
    public int processors() {
        return processors;
    }

    /**
     * Events lost since the map was made.
     *
     * @param counts gets one number a processor, by the processor's number
     * @throws io.fairlead.node.kernel.KernelException when the map cannot be read
     */
    public void read(long[] counts) {
        Native.call("read map " + map.name(), () -> Bpf.LIB.bpf_map_lookup_elem(map.fd(), key, values));
        for (int i = 0; i < counts.length && i < processors; i++) {
            counts[i] = values.getLong(i * Long.BYTES);
        }
    }
}
