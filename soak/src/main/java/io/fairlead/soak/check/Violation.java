package io.fairlead.soak.check;

/**
 * Something that must not be.
 *
 * @param invariant which one is broken
 * @param text what was found, and what was expected
 * @param subject what it is about, to find the operations around it; empty for everything
 * @param at when, in nanoseconds of the run
 */
public record Violation(Invariant invariant, String text, String subject, long at) {
    @Override
    public String toString() {
        return String.format("%s at %.1f ms: %s", invariant, at / 1e6, text);
    }
}
