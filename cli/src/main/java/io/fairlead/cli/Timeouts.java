package io.fairlead.cli;

import java.time.Duration;
import java.util.Optional;

/** How a time is written on the command line: a whole number and ms, s or m. */
public final class Timeouts {
    private static final Duration LONGEST = Duration.ofHours(1);

    private Timeouts() {}

    /** The time, or nothing when the text is none or not between a millisecond and an hour. */
    public static Optional<Duration> parse(String text) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        // Seven digits of milliseconds are more than an hour; more would only overflow.
        if (digits == 0 || digits > 7) {
            return Optional.empty();
        }
        long number = Long.parseLong(text.substring(0, digits));
        Duration time = switch (text.substring(digits)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ZERO;
        };
        return time.isZero() || time.compareTo(LONGEST) > 0 ? Optional.empty() : Optional.of(time);
    }
}
