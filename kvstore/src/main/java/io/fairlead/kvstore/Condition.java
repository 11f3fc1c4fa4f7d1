package io.fairlead.kvstore;

/** What must hold for a transaction to take its {@code then} branch. */
public sealed interface Condition {
    String key();

    /** The key is there. */
    record Exists(String key) implements Condition {}

    /** The key is not there. */
    record Missing(String key) implements Condition {}

    /** The key was last changed at this revision. */
    record Unchanged(String key, long modRevision) implements Condition {}

    /** The key has this value. */
    record ValueIs(String key, String value) implements Condition {}

    /** No key starts with {@code key}: also none that appears before the transaction is carried out. */
    record NoneUnder(String key) implements Condition {}
}
