package io.fairlead.cli.output;

import java.util.Optional;

/** What the agent answered, ready to be shown in either form. */
public interface Answer {
    /** Lines for a person, each ended by a newline. */
    String text(TextStyle style);

    /** Maps, lists, strings, numbers and booleans; the keys are stable. */
    Object json();

    /** One line for the error output: why a part of the answer is not known. */
    default Optional<String> warning() {
        return Optional.empty();
    }

    /** False when the answer says that something is wrong; the command then exits with 1. */
    default boolean healthy() {
        return true;
    }
}
