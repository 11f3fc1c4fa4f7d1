package io.fairlead.identity.upkeep;

import java.time.Duration;

/**
 * How often and how fast things are put in order.
 *
 * @param interval between two passes; a number unused in two of them is taken back, and rests for at least as long
 * @param perMinute numbers taken back a minute, at most
 * @param grace how long a node must be gone before what it referred to goes
 * @param unused how long a node may refer to a number that none of its endpoints has
 */
public record UpkeepOptions(Duration interval, int perMinute, Duration grace, Duration unused) {
    /** Longer than a pod takes from its identity to its entry. */
    private static final Duration SHORTEST_UNUSED = Duration.ofSeconds(10);

    public UpkeepOptions {
        if (interval.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("identity-gc-interval: " + interval + " (expected: at least 1s)");
        }
        if (perMinute < 1) {
            throw new IllegalArgumentException("identity-gc-rate-limit: " + perMinute + " (expected: at least 1)");
        }
        if (unused.compareTo(SHORTEST_UNUSED) < 0) {
            throw new IllegalArgumentException("identity-reference-timeout: " + unused + " (expected: at least "
                    + SHORTEST_UNUSED.toSeconds() + "s)");
        }
    }
}
