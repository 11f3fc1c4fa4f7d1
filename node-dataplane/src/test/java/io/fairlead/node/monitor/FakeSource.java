package io.fairlead.node.monitor;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLongArray;

/** A ring in memory, of two processors. */
public final class FakeSource implements EventSource {
    public final BlockingQueue<Event> ring = new LinkedBlockingQueue<>();
    public final AtomicLongArray lost = new AtomicLongArray(2);
    public volatile boolean closed;

    @Override
    public int processors() {
        return 2;
    }

    @Override
    public int size() {
        return 1 << 20;
    }

    @Override
    public int take(int most, List<Event> into) {
        return ring.drainTo(into, most);
    }

    @Override
    public void lost(long[] counts) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] = lost.get(i);
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    /** A debug message of an endpoint. */
    public static Event.Debug debug(int source, int number) {
        return new Event.Debug(new Event.Header(2, 15, 1, 0, source, 5), new int[] {number, 0, 0});
    }

    /** A packet of one endpoint to another. */
    public static Event.Packet packet(EventType type, int source, int destination) {
        return new Event.Packet(
                type,
                new Event.Header(4, 0, 1, 0, source, 5),
                new Event.Parties(1001, 1002, destination),
                new Event.Verdict(-133, 80, 6, 1, 2, true, "NetworkPolicy default/x"),
                1500,
                7,
                "lxca",
                2,
                false,
                new byte[] {10, 0, 0, 1},
                new byte[] {1, 2, 3});
    }
}
