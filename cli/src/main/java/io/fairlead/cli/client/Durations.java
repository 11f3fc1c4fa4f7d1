package io.fairlead.cli.client;

import java.math.BigDecimal;

/** Times as Go programs print them, which is what users compare with. */
final class Durations {
    private Durations() {}

    /** "287.5µs", "1.04ms", "2s". */
    static String text(long nanos) {
        if (nanos < 1_000) {
            return nanos + "ns";
        }
        if (nanos < 1_000_000) {
            return decimal(nanos, 3) + "µs";
        }
        return nanos < 1_000_000_000 ? decimal(nanos, 6) + "ms" : decimal(nanos, 9) + "s";
    }

    private static String decimal(long nanos, int scale) {
        return BigDecimal.valueOf(nanos, scale).stripTrailingZeros().toPlainString();
    }
}
