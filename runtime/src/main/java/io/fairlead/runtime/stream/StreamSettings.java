package io.fairlead.runtime.stream;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * How streams are treated.
 *
 * @param stallTimeout how long a node may lack something without reading or acknowledging until its stream is ended
 * @param storeVersion asks the store for its version now, past any follower that lags; fails when it cannot be known
 */
public record StreamSettings(Duration stallTimeout, Supplier<Future<Long>> storeVersion) {
    /** What a stall timeout is when nothing else is said. */
    public static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);

    /** Nothing asked of the store: a node that is ahead of the table for long is given the table. */
    public static final StreamSettings DEFAULT = new StreamSettings(STALL_TIMEOUT, () -> Future.succeededFuture(0L));

    public StreamSettings {
        if (stallTimeout.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("stall timeout: " + stallTimeout + " (expected: 1 ms or more)");
        }
    }
}
