package io.fairlead.runtime.health;

import io.vertx.core.Future;
import java.util.function.Supplier;

/** Says how a subsystem is. A check that fails or takes longer than two seconds counts as not well. */
@FunctionalInterface
public interface HealthCheck {
    /** How it is now. */
    Future<State> check();

    /**
     * How a subsystem is.
     *
     * @param ok true when it does its work
     * @param text for people
     */
    record State(boolean ok, String text) {}

    /** A check that knows its answer at once. */
    static HealthCheck of(Supplier<State> state) {
        return () -> Future.succeededFuture(state.get());
    }
}
