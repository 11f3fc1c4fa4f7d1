package io.fairlead.node.monitor;

import io.fairlead.node.kernel.bpf.BpfObject;
import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.LostEvents;
import io.fairlead.node.kernel.bpf.RingBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * The datapath's ring buffer "events" and its counters "lost_events". Nothing wakes the reader; it looks when it is
 * asked to. Close it before the object.
 */
public final class EventRing implements EventSource {
    private final RingBuffer ring;
    private final LostEvents lost;
    private final EventDecoder decoder;
    // Unix time less CLOCK_MONOTONIC, in ns; owned by: the thread that takes
    private long offset;

    /**
     * Names for the numbers of events.
     *
     * @param interfaces of a device; empty when it is gone
     * @param rules "Kind namespace/name" of a policy's rule; empty when it is gone
     */
    public record Names(IntFunction<Optional<String>> interfaces, IntFunction<Optional<String>> rules) {}

    /**
     * @throws io.fairlead.node.kernel.KernelException when the buffer cannot be mapped
     */
    public EventRing(BpfSpec spec, BpfObject object, Names names) {
        DeviceNames devices = new DeviceNames(names.interfaces(), System::nanoTime);
        decoder = new EventDecoder(
                spec, devices::name, rule -> names.rules().apply(rule).orElse(""), time -> time + offset);
        lost = new LostEvents(object.map("lost_events"));
        ring = new RingBuffer(object.map("events"));
    }

    @Override
    public int processors() {
        return lost.processors();
    }

    @Override
    public int size() {
        return ring.size();
    }

    @Override
    public int take(int most, List<Event> into) {
        // on Linux System.nanoTime is CLOCK_MONOTONIC, and the wall clock may have been set meanwhile
        Instant now = Instant.now();
        offset = now.getEpochSecond() * 1_000_000_000L + now.getNano() - System.nanoTime();
        return ring.drain(most, (bytes, length) -> decoder.decode(bytes, length, into::add));
    }

    @Override
    public void lost(long[] counts) {
        lost.read(counts);
    }

    @Override
    public void close() {
        ring.close();
    }
}
