package io.fairlead.runtime.stream;

/**
 * How long changes took from their publication to the last acknowledgement, in nanoseconds.
 *
 * @param samples changes these are of, the newest that are complete; 0 for none, and then all are 0
 */
public record ConvergenceSummary(int samples, long median, long p99, long max) {
    /** Nothing known. */
    public static final ConvergenceSummary NONE = new ConvergenceSummary(0, 0, 0, 0);
}
