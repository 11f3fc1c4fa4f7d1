package io.fairlead.runtime.retry;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubling from a first delay up to a cap, each delay drawn between half and
 * the whole of it so that many clients do not come back at once. Not thread-safe: it belongs to what retries.
 */
public final class Backoff {
    private final Duration first;
    private final Duration cap;
    private final RandomGenerator random;
    // owned by: the context that retries
    private int attempts;

    /**
     * Nothing failed yet.
     *
     * @param first upper bound of the first delay, more than zero
     * @param cap upper bound of every delay, at least {@code first}
     */
    public Backoff(Duration first, Duration cap, RandomGenerator random) {
        if (first.isNegative() || first.isZero() || cap.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "back-off: " + first + " up to " + cap + " (expected: more than zero, growing)");
        }
        this.first = first;
        this.cap = cap;
        this.random = random;
    }

    /** The delay after one more failure. */
    public Duration next() {
        long bound = first.toNanos();
        for (int i = 0; i < attempts && bound < cap.toNanos(); i++) {
            bound = bound > cap.toNanos() / 2 ? cap.toNanos() : bound * 2;
        }
        attempts++;
        bound = Math.min(bound, cap.toNanos());
        return Duration.ofNanos(bound / 2 + random.nextLong(bound - bound / 2 + 1));
    }

    /** Failures since the last success. */
    public int attempts() {
        return attempts;
    }

    /** After a success: the next failure starts anew. */
    public void reset() {
        attempts = 0;
    }
}
