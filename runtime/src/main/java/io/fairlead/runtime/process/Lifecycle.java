package io.fairlead.runtime.process;

import io.fairlead.runtime.health.Health;
import io.fairlead.runtime.health.HealthCheck;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a starting process is given, and the steps that undo what it started. Any thread may use it. */
public final class Lifecycle {
    private static final Logger LOGGER = LoggerFactory.getLogger(Lifecycle.class);
    private static final int STEP_SECONDS = 5;

    private final Vertx vertx;
    private final Health health = new Health();
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // guarded by: steps
    private final Deque<Step> steps = new ArrayDeque<>();

    private record Step(String name, Supplier<Future<Void>> undo) {}

    public Lifecycle(Vertx vertx) {
        this.vertx = vertx;
    }

    /** The one Vert.x of the process. */
    public Vertx vertx() {
        return vertx;
    }

    /** Where subsystems register their checks. */
    public Health health() {
        return health;
    }

    /** Where subsystems register their meters. */
    public PrometheusMeterRegistry metrics() {
        return metrics;
    }

    /** Says how to undo what has just been started. Steps are undone in reverse, each within five seconds. */
    public void onStop(String name, Supplier<Future<Void>> undo) {
        synchronized (steps) {
            steps.push(new Step(name, undo));
        }
    }

    /** The same for what closes at once. */
    public void onClose(String name, AutoCloseable resource) {
        onStop(name, () -> {
            try {
                resource.close();
                return Future.succeededFuture();
            } catch (Exception e) {
                return Future.failedFuture(e);
            }
        });
    }

    /**
     * Says that it is not ready, undoes everything and ends Vert.x; a step that fails is logged and does not keep the
     * others. Again does nothing.
     */
    public Future<Void> stop() {
        health.register("process", HealthCheck.of(() -> new HealthCheck.State(false, "is stopping")));
        // a promise of no context: the contexts' threads end before it completes
        Promise<Void> stopped = Promise.promise();
        undoNext(stopped);
        return stopped.future();
    }

    private void undoNext(Promise<Void> stopped) {
        Step step = pop();
        if (step == null) {
            vertx.close().onComplete(stopped);
            return;
        }
        undo(step).onComplete(undone -> {
            if (undone.failed()) {
                LOGGER.atWarn()
                        .addKeyValue("step", step.name())
                        .setCause(undone.cause())
                        .log("stop step failed");
            }
            undoNext(stopped);
        });
    }

    private static Future<Void> undo(Step step) {
        try {
            return step.undo().get().timeout(STEP_SECONDS, TimeUnit.SECONDS);
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    private @Nullable Step pop() {
        synchronized (steps) {
            return steps.poll();
        }
    }
}
