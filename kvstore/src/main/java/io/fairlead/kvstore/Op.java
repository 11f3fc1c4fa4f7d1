package io.fairlead.kvstore;

/** One step of a transaction. */
public sealed interface Op {
    String key();

    /** Writes a value that stays until it is deleted. */
    static Op put(String key, String value) {
        return new Put(key, value, 0);
    }

    /**
     * Writes a value.
     *
     * @param lease id of the lease the key hangs on, 0 for none
     */
    record Put(String key, String value, long lease) implements Op {}

    /** Removes a key; one that is not there is no error. */
    record Delete(String key) implements Op {}

    /** Reads a key. */
    record Get(String key) implements Op {}

    /** Reads everything under a prefix. */
    record GetPrefix(String key) implements Op {}
}
