package io.fairlead.runtime.stream;

import io.fairlead.runtime.retry.Timers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Who may send a large response now. Thousands of nodes that come at once would each have a copy of everything in the
 * transport's buffers, more than the process has memory; so some are sent theirs, the others wait for them. A node that does
 * not take its response within {@link #PATIENCE} no longer keeps others waiting. Owned by the context of the streams.
 */
final class LargeResponses {
    /** From this size on, in bytes, a response is large. */
    static final int LARGE = 16 << 10;
    /** Streams with a large response on its way. */
    static final int MOST = 128;
    /** How long one of them keeps others waiting. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Consumer<Runnable> owner;
    private final Timers timers;
    // all owned by: the context of the streams; since when each sends, the oldest first
    private final Map<TableStream<?, ?>, Long> sending = new LinkedHashMap<>();
    private final Set<TableStream<?, ?>> waiting = new LinkedHashSet<>();
    private boolean watching;

    LargeResponses(Consumer<Runnable> owner, Timers timers) {
        this.owner = owner;
        this.timers = timers;
    }

    /** Whether a stream may send; if not, it is asked to pump when it may. */
    boolean mayBegin(TableStream<?, ?> stream) {
        if (sending.containsKey(stream)) {
            return true;
        }
        if (sending.size() >= MOST) {
            waiting.add(stream);
            watch();
            return false;
        }
        waiting.remove(stream);
        sending.put(stream, timers.nanoTime());
        return true;
    }

    /** What a stream sent has left this process's buffers, or nobody will take it. */
    void ended(TableStream<?, ?> stream) {
        waiting.remove(stream);
        if (sending.remove(stream) != null) {
            wake();
        }
    }

    private void wake() {
        ArrayDeque<TableStream<?, ?>> next = new ArrayDeque<>();
        Iterator<TableStream<?, ?>> first = waiting.iterator();
        for (int i = sending.size(); i < MOST && first.hasNext(); i++) {
            next.add(first.next());
            first.remove();
        }
        next.forEach(stream -> {
            sending.put(stream, timers.nanoTime());
            owner.accept(stream::pump);
        });
    }

    private void watch() {
        if (watching) {
            return;
        }
        watching = true;
        timers.after(
                PATIENCE,
                () -> owner.accept(() -> {
                    watching = false;
                    long now = timers.nanoTime();
                    sending.values().removeIf(since -> now - since >= PATIENCE.toNanos());
                    wake();
                    if (!waiting.isEmpty()) {
                        watch();
                    }
                }));
    }
}
