package io.fairlead.runtime.stream;

/**
 * One difference between two tables.
 *
 * @param <K> key
 * @param <V> value
 */
public sealed interface Change<K, V> {
    K key();

    /** The key has this value. */
    record Upsert<K, V>(K key, V value) implements Change<K, V> {}

    /** The key is gone. */
    record Remove<K, V>(K key) implements Change<K, V> {}
}
