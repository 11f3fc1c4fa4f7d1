package io.fairlead.runtime.config;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A declared key: its value is had from a {@link Config}. Made by {@link ConfigKeys}.
 *
 * @param <T> type of its value
 */
public final class ConfigKey<T> {
    private final String name;
    private final ValueParser<? extends T> parser;
    private final Absence<T> absence;
    private final String description;

    ConfigKey(String name, ValueParser<? extends T> parser, Absence<T> absence, String description) {
        this.name = name;
        this.parser = parser;
        this.absence = absence;
        this.description = description;
    }

    /** What a key is when nobody gives it a value. */
    sealed interface Absence<T> {
        /** That is a mistake. */
        record Refused<T>() implements Absence<T> {}

        /** It has the value of this text. */
        record DefaultText<T>(String text) implements Absence<T> {}

        /** It has this value, which has no text. */
        record DefaultValue<T>(T value) implements Absence<T> {}
    }

    /** As written in arguments and files, such as "cluster-name". */
    public String name() {
        return name;
    }

    ValueParser<? extends T> parser() {
        return parser;
    }

    Absence<T> absence() {
        return absence;
    }

    /** One line for people. */
    public String description() {
        return description;
    }

    /** Its default as text, or null when it has none. */
    @Nullable
    String defaultText() {
        return absence instanceof Absence.DefaultText<T> d ? d.text() : null;
    }

    boolean required() {
        return absence instanceof Absence.Refused<T>;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
