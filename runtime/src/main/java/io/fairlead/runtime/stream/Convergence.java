package io.fairlead.runtime.stream;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * How long each version took from its publication to the last acknowledgement of the nodes that had a stream then.
 *
 * <p>Publications have positions, 1, 2, 3, …; a node is at the newest one it has acknowledged. How many nodes are at each
 * position is counted, so that an acknowledgement costs O(1) amortised whatever the number of nodes: a version is
 * complete when the least position with a node moves to it. Versions completed because a node left are not samples: the
 * time of the last acknowledgement is not known. Owned by the context of the streams; remembers {@link #REMEMBERED}.
 */
final class Convergence {
    static final int REMEMBERED = 4_096;

    private static final long UNKNOWN = -1;

    private final Timer timer;
    private final long[] versions = new long[REMEMBERED];
    private final long[] published = new long[REMEMBERED];
    private final long[] took = new long[REMEMBERED];
    private final int[] at = new int[REMEMBERED];
    private long newest;
    private long least;
    private long epochStart = 1;

    Convergence(MeterRegistry metrics) {
        this.timer = Timer.builder("fairlead.stream.convergence")
                .description("From a change's publication to the last acknowledgement of its nodes")
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(2),
                        Duration.ofMillis(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(25),
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(250),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30))
                .register(metrics);
    }

    private static int slot(long position) {
        return (int) (position & (REMEMBERED - 1));
    }

    /** Position of the newest publication; 0 before the first. */
    long newest() {
        return newest;
    }

    /** A table with changes becomes known to all nodes. */
    void published(long version, boolean newEpoch, long now) {
        if (newest - least == REMEMBERED - 1) {
            // somebody is that far behind: how long the oldest took is not worth more memory
            int oldest = slot(least);
            least++;
            at[slot(least)] += at[oldest];
            at[oldest] = 0;
        }
        newest++;
        int slot = slot(newest);
        versions[slot] = version;
        published[slot] = now;
        took[slot] = UNKNOWN;
        at[slot] = 0;
        if (newEpoch) {
            epochStart = newest;
        }
        advance(now, false);
    }

    /** A node comes that has everything up to a position; what has completed without it stays so. */
    long join(long position) {
        long clamped = Math.min(newest, Math.max(least, position));
        at[slot(clamped)]++;
        return clamped;
    }

    /** A node acknowledges; its new position. */
    long move(long from, long to, long now) {
        long before = Math.max(from, least);
        if (to <= before) {
            return before;
        }
        at[slot(before)]--;
        at[slot(to)]++;
        advance(now, true);
        return to;
    }

    void leave(long position, long now) {
        at[slot(Math.max(position, least))]--;
        advance(now, false);
    }

    private void advance(long now, boolean sampled) {
        while (least < newest && at[slot(least)] == 0) {
            least++;
            if (sampled) {
                long duration = now - published[slot(least)];
                took[slot(least)] = duration;
                timer.record(duration, TimeUnit.NANOSECONDS);
            }
        }
    }

    /** When the first publication after a position was made; {@code otherwise} when there is none or it is forgotten. */
    long firstLacking(long position, long otherwise) {
        long next = Math.max(position, least) + 1;
        return next > newest ? otherwise : published[slot(next)];
    }

    /** The position of who has a version of the present epoch, and nothing newer. */
    long positionOf(long version) {
        return firstAtLeast(version + 1) - 1;
    }

    /** How long a change took, in nanoseconds; -1 when that is not known or not over. */
    long took(long changedAt) {
        long position = firstAtLeast(changedAt);
        return position > least || versions[slot(position)] < changedAt ? UNKNOWN : took[slot(position)];
    }

    /** The oldest remembered position of the present epoch with at least a version; one more than the newest if none has. */
    private long firstAtLeast(long version) {
        long low = Math.max(epochStart, newest - REMEMBERED + 1);
        long high = newest + 1;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (versions[slot(middle)] >= version) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** The figures of all versions that are remembered and complete. */
    ConvergenceSummary summary() {
        long[] samples = new long[REMEMBERED];
        int count = 0;
        for (long position = Math.max(1, newest - REMEMBERED + 1); position <= least; position++) {
            if (took[slot(position)] >= 0) {
                samples[count++] = took[slot(position)];
            }
        }
        if (count == 0) {
            return ConvergenceSummary.NONE;
        }
        Arrays.sort(samples, 0, count);
        return new ConvergenceSummary(
                count, samples[(count - 1) / 2], samples[(int) Math.ceil(0.99 * count) - 1], samples[count - 1]);
    }
}
