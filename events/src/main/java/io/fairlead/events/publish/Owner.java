package io.fairlead.events.publish;

import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that lanes live on; it may wait for the disk. Any thread may give it something to do. */
public final class Owner implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Owner.class);

    private final ScheduledThreadPoolExecutor executor;
    private final Timers timers;

    public Owner() {
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "events");
            thread.setDaemon(true);
            return thread;
        });
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        executor.setRemoveOnCancelPolicy(true);
        timers = Timers.of(executor);
    }

    /** Runs it behind what is waiting; nothing once closed. */
    public void run(Runnable action) {
        try {
            executor.execute(() -> guarded(action));
        } catch (RejectedExecutionException e) {
            LOGGER.trace("events have stopped");
        }
    }

    /** Runs it later. */
    Timers.Pending after(Duration delay, Runnable action) {
        return timers.after(delay, () -> guarded(action));
    }

    /** Runs it and says when it has been. */
    Future<Void> call(Runnable action) {
        Promise<Void> done = Promise.promise();
        run(() -> {
            try {
                action.run();
            } finally {
                done.tryComplete();
            }
        });
        return done.future();
    }

    private static void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOGGER.atError().setCause(e).log("events: unforeseen failure");
        }
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}
