package io.fairlead.runtime.retry.testing;

import io.fairlead.runtime.retry.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Time that stands still until a test advances it; actions run on the thread that does. */
public final class ManualTimers implements Timers {
    // guarded by: this
    private final List<Entry> entries = new ArrayList<>();
    private long now;
    private long sequence;

    private record Entry(long due, long order, Runnable action) {}

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized Pending after(Duration delay, Runnable action) {
        Entry entry = new Entry(now + delay.toNanos(), sequence++, action);
        entries.add(entry);
        return () -> remove(entry);
    }

    /** How many actions wait. */
    public synchronized int waiting() {
        return entries.size();
    }

    /** Lets time pass and runs what became due, in order, also what those actions ask for. */
    public void advance(Duration by) {
        long end = nanoTime() + by.toNanos();
        for (Entry next = takeDue(end); next != null; next = takeDue(end)) {
            next.action().run();
        }
        setNow(end);
    }

    private synchronized void remove(Entry entry) {
        entries.remove(entry);
    }

    private synchronized void setNow(long time) {
        now = time;
    }

    private synchronized @Nullable Entry takeDue(long end) {
        Entry next = entries.stream()
                .filter(e -> e.due() <= end)
                .min(Comparator.comparingLong(Entry::due).thenComparingLong(Entry::order))
                .orElse(null);
        if (next != null) {
            entries.remove(next);
            now = Math.max(now, next.due());
        }
        return next;
    }
}
