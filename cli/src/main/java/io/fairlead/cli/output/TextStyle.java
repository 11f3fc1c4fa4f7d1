package io.fairlead.cli.output;

/**
 * How much of an answer is printed as text.
 *
 * @param headers whether tables start with their column names
 * @param detail how much {@code status} says
 */
public record TextStyle(boolean headers, Detail detail) {
    /** How much {@code status} says. */
    public enum Detail {
        /** One word, or what is wrong. */
        BRIEF,
        /** Every line, and the controllers that fail. */
        NORMAL,
        /** Every line and every controller. */
        VERBOSE
    }
}
