package io.fairlead.node.monitor;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What one listener has still to be told. It has room for a number of events; what does not fit is counted, and told as
 * lost where it is missing. Several threads may call.
 */
public final class Subscription implements AutoCloseable {
    private final EventFilter filter;
    private final Listener listener;
    private final int room;
    private final Closer closer;
    // owned by: this object's lock
    private final Queue<Event> waiting = new ArrayDeque<>();
    // owned by: this object's lock
    private final long[] dropped;
    // owned by: this object's lock
    private boolean anyDropped;

    /** Who listens. Called on threads that have other things to do: it hands on what is to be done. */
    public interface Listener {
        /** From now on everything is told. */
        void started(Subscription subscription);

        /** There is something to take. */
        void ready();

        /** Nothing will be told any more. */
        void failed(RuntimeException failure);
    }

    /** Ends a subscription. */
    interface Closer {
        void close(Subscription subscription);
    }

    Subscription(EventFilter filter, Listener listener, int room, int processors, Closer closer) {
        this.filter = filter;
        this.listener = listener;
        this.room = room;
        this.closer = closer;
        dropped = new long[processors];
    }

    EventFilter filter() {
        return filter;
    }

    Listener listener() {
        return listener;
    }

    /** Events there is room for. */
    synchronized int room() {
        return room - waiting.size();
    }

    /** Adds those the listener wants. Returns whether there is something to take. */
    synchronized boolean offer(List<? extends Event> events) {
        for (Event event : events) {
            if (event instanceof Event.Lost lost) {
                drop(lost.cpu(), lost.count());
            } else if (filter.wants(event)) {
                if (anyDropped && waiting.size() < room) {
                    tellDropped();
                }
                if (waiting.size() < room) {
                    waiting.add(event);
                } else {
                    drop(cpu(event), 1);
                }
            }
        }
        return anyDropped || !waiting.isEmpty();
    }

    private static int cpu(Event event) {
        if (event instanceof Event.Packet packet) {
            return packet.header().cpu();
        }
        return event instanceof Event.Debug debug ? debug.header().cpu() : 0;
    }

    private void drop(int cpu, long count) {
        dropped[cpu >= 0 && cpu < dropped.length ? cpu : 0] += count;
        anyDropped = true;
    }

    /** A line for each processor; they are few beside what waits. */
    private void tellDropped() {
        for (int cpu = 0; cpu < dropped.length; cpu++) {
            if (dropped[cpu] != 0) {
                waiting.add(new Event.Lost(cpu, dropped[cpu]));
                dropped[cpu] = 0;
            }
        }
        anyDropped = false;
    }

    /** The next event; null when there is none now. */
    public synchronized @Nullable Event poll() {
        if (waiting.isEmpty() && anyDropped) {
            tellDropped();
        }
        return waiting.poll();
    }

    /** Nothing is told any more. */
    @Override
    public void close() {
        closer.close(this);
    }
}
