package io.fairlead.node.conntrack;

import java.time.Duration;

/**
 * How often tables are gone through: more often while much is found, less often while little is.
 *
 * @param start the first interval
 * @param min the shortest; also how often it is looked whether a table is nearly full
 * @param max the longest
 */
public record Pace(Duration start, Duration min, Duration max) {
    /** Cilium's, for tables that displace their least used entry when they are full. */
    public static final Pace LRU = new Pace(Duration.ofMinutes(5), Duration.ofSeconds(10), Duration.ofHours(12));

    /** Cilium's, for tables that refuse when they are full. */
    public static final Pace REFUSING = new Pace(Duration.ofMinutes(5), Duration.ofSeconds(10), Duration.ofMinutes(30));

    private static final double MUCH = 0.25;
    private static final double LITTLE = 0.05;
    private static final double LONGER = 1.5;

    public Pace {
        boolean rising = min.compareTo(start) <= 0 && start.compareTo(max) <= 0;
        if (min.isNegative() || min.isZero() || !rising) {
            throw new IllegalArgumentException("pace: start " + start + ", " + min + " to " + max
                    + " (expected: more than zero, the start between both)");
        }
    }

    /**
     * The interval after one pass.
     *
     * @param interval before it
     * @param share of a table that went, the largest
     */
    Duration next(Duration interval, double share) {
        if (share > MUCH) {
            return clamp(interval.toNanos() * (1 - share));
        }
        return isLittle(share) ? clamp(interval.toNanos() * LONGER) : interval;
    }

    /** Whether a pass was not worth it. */
    boolean isLittle(double share) {
        return share < LITTLE;
    }

    private Duration clamp(double nanos) {
        return Duration.ofNanos(Math.max(min.toNanos(), Math.min(max.toNanos(), (long) nanos)));
    }
}
