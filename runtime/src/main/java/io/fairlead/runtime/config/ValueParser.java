package io.fairlead.runtime.config;

/**
 * Reads the text of a configuration value.
 *
 * @param <T> what the text stands for
 */
@FunctionalInterface
public interface ValueParser<T> {
    /**
     * What the text stands for.
     *
     * @throws IllegalArgumentException whose message says what was expected
     */
    T parse(String text);

    /** True when several arguments of one key add up to a list, instead of being a mistake. */
    default boolean joins() {
        return false;
    }
}
