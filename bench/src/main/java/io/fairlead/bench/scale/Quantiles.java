package io.fairlead.bench.scale;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.LongStream;

/** Durations in nanoseconds, counted in steps of 10 µs up to 60 s. For one thread at a time. */
public final class Quantiles {
    private static final int STEP = 10_000;
    private static final int STEPS = 6_000_000;

    private final int[] counts = new int[STEPS + 1];
    private long total;
    private long max;

    /** Counts one; less than nothing counts as nothing. */
    public void add(long nanos) {
        counts[(int) Math.min(STEPS, Math.max(0, nanos) / STEP)]++;
        total++;
        max = Math.max(max, nanos);
    }

    /** How many were counted. */
    public long count() {
        return total;
    }

    /** In milliseconds, rounded up to the next step. */
    public double at(double quantile) {
        long rank = Math.max(1, (long) Math.ceil(quantile * total));
        long seen = 0;
        for (int i = 0; i <= STEPS; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.min(max, (i + 1L) * STEP) / 1e6;
            }
        }
        return max / 1e6;
    }

    /** The largest, in milliseconds. */
    public double max() {
        return max / 1e6;
    }

    /** "p50 / p99 / max", in milliseconds. */
    public String text() {
        return String.format(Locale.ROOT, "%.1f / %.1f / %.1f", at(0.5), at(0.99), max());
    }

    /** The median of some numbers. */
    public static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    static Quantiles of(LongStream nanos) {
        Quantiles all = new Quantiles();
        nanos.forEach(all::add);
        return all;
    }
}
