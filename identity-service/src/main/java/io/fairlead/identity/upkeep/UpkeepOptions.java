package io.fairlead.identity.upkeep;

import java.time.Duration;

/**
 * How often and how fast things are put in order.
 *
 * @param interval between two passes; a number unused in two of them is taken back, and rests for at least as long
 * @param perMinute numbers taken back a minute, at most
 * @param grace how long a node must be gone before what it referred to goes
 */
public record UpkeepOptions(Duration interval, int perMinute, Duration grace) {
    public UpkeepOptions {
        if (interval.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("identity-gc-interval: " + interval + " (expected: at least 1s)");
        }
        if (perMinute < 1) {
            throw new IllegalArgumentException("identity-gc-rate-limit: " + perMinute + " (expected: at least 1)");
        }
    }
}
