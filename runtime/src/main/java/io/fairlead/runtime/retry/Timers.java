package io.fairlead.runtime.retry;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What time it is, and calls later on. */
public interface Timers {
    /** Time that only grows, in nanoseconds from an arbitrary start; only differences mean something. */
    long nanoTime();

    /** Runs an action after a delay, on the Vert.x context that asked for it, or on the executor's thread. */
    Pending after(Duration delay, Runnable action);

    /** An action that has not run yet. */
    @FunctionalInterface
    interface Pending {
        /** Forgets it; when it has run already this does nothing. */
        void cancel();
    }

    /** Real time. */
    static Timers of(Vertx vertx) {
        return new Timers() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public Pending after(Duration delay, Runnable action) {
                long id = vertx.setTimer(Math.max(1, delay.toMillis()), ignored -> action.run());
                return () -> vertx.cancelTimer(id);
            }
        };
    }

    /** Real time, on an executor's thread; nothing is begun any more once it is shut down. */
    static Timers of(ScheduledExecutorService executor) {
        return new Timers() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public Pending after(Duration delay, Runnable action) {
                if (executor.isShutdown()) {
                    return () -> {};
                }
                Future<?> scheduled = executor.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
                return () -> scheduled.cancel(false);
            }
        };
    }
}
