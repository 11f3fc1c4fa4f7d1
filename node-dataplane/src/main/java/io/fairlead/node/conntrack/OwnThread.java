package io.fairlead.node.conntrack;

import io.fairlead.runtime.retry.Timers;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Timers whose actions run one after the other on a thread of their own. The time is the programs': on Linux the JVM
 * reads CLOCK_MONOTONIC, as bpf_ktime_get_ns does.
 */
public final class OwnThread implements Timers, AutoCloseable {
    private final ScheduledExecutorService executor;
    private final Timers timers;

    /** @param name of the thread */
    public OwnThread(String name) {
        executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        timers = Timers.of(executor);
    }

    @Override
    public long nanoTime() {
        return timers.nanoTime();
    }

    @Override
    public Pending after(Duration delay, Runnable action) {
        return timers.after(delay, action);
    }

    /** An action that runs is waited for, up to five seconds: the tables it uses are closed next. */
    @Override
    public void close() {
        executor.shutdownNow();
        try {
            executor.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
