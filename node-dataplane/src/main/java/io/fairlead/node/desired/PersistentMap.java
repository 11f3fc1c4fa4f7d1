package io.fairlead.node.desired;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map that shares what it has in common with those it was made from.
 *
 * <p>Adding to it or taking from it costs what changes, and so does finding out in what two of a kind differ: tens of
 * thousands of entries are handed from thread to thread and compared each round. A hash trie; any thread may read. Neither
 * keys nor values are null.
 */
public final class PersistentMap<K, V> extends AbstractMap<K, V> {
    private static final PersistentMap<Object, Object> EMPTY = new PersistentMap<>(TrieNode.EMPTY, 0);

    private final TrieNode root;
    private final int size;

    /** What of an entry two maps differ in. */
    @FunctionalInterface
    public interface Difference<K, V> {
        /**
         * @param before null when it was not there
         * @param after null when it is not there
         */
        void at(K key, @Nullable V before, @Nullable V after);
    }

    private PersistentMap(TrieNode root, int size) {
        this.root = root;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // what holds nothing holds entries of any kind
    public static <K, V> PersistentMap<K, V> empty() {
        return (PersistentMap<K, V>) EMPTY;
    }

    /** A map with the same entries, the same one when it is one of these. */
    public static <K, V> PersistentMap<K, V> copyOf(Map<K, V> map) {
        return map instanceof PersistentMap<K, V> same
                ? same
                : PersistentMap.<K, V>empty().withAll(map);
    }

    /** The same with entries; the very same when all are there. */
    public PersistentMap<K, V> withAll(Map<? extends K, ? extends V> entries) {
        Builder<K, V> builder = new Builder<>(this);
        entries.forEach(builder::put);
        return builder.build();
    }

    /** The same without entries; the very same when none is there. */
    public PersistentMap<K, V> withoutAll(Collection<?> keys) {
        Builder<K, V> builder = new Builder<>(this);
        keys.forEach(builder::remove);
        return builder.build();
    }

    /** Makes one map after another; not thread-safe. What it has built stays as it is. */
    public static final class Builder<K, V> {
        private PersistentMap<K, V> built;
        private TrieNode root;
        private TrieNode.Edit edit = new TrieNode.Edit();

        public Builder() {
            this(empty());
        }

        public Builder(PersistentMap<K, V> start) {
            built = start;
            root = start.root;
        }

        public void put(K key, V value) {
            root = root.with(TrieNode.hash(key), 0, key, value, edit);
        }

        public void remove(Object key) {
            root = root.without(TrieNode.hash(key), 0, key, edit);
        }

        @SuppressWarnings("unchecked") // nothing but values of this kind was put in
        public @Nullable V get(Object key) {
            return (V) root.get(TrieNode.hash(key), 0, key);
        }

        /** What there is now; the very same as last time when nothing was changed. */
        public PersistentMap<K, V> build() {
            if (root != built.root) {
                built = new PersistentMap<>(root, built.size + edit.growth());
                edit = new TrieNode.Edit();
            }
            return built;
        }
    }

    /** Says in what two maps differ; costs that alone where both are of this kind and one was made from the other. */
    public static <K, V> void differences(Map<K, V> before, Map<K, V> after, Difference<? super K, ? super V> to) {
        if (before == after) {
            return;
        }
        if (before instanceof PersistentMap<K, V> one && after instanceof PersistentMap<K, V> other) {
            TrieNode.differences(one.root, other.root, 0, to);
            return;
        }
        before.forEach((key, value) -> {
            V now = after.get(key);
            if (!value.equals(now)) {
                to.at(key, value, now);
            }
        });
        after.forEach((key, value) -> {
            if (!before.containsKey(key)) {
                to.at(key, null, value);
            }
        });
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    @SuppressWarnings("unchecked") // nothing but values of this kind was put in
    public @Nullable V get(@Nullable Object key) {
        return key == null ? null : (V) root.get(TrieNode.hash(key), 0, key);
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return get(key) != null;
    }

    @Override
    @SuppressWarnings("unchecked") // as above
    public void forEach(BiConsumer<? super K, ? super V> action) {
        root.forEach((BiConsumer<Object, Object>) action);
    }

    @Override
    public Set<Map.Entry<K, V>> entrySet() {
        return new AbstractSet<>() {
            @Override
            @SuppressWarnings("unchecked") // as above
            public Iterator<Map.Entry<K, V>> iterator() {
                return (Iterator<Map.Entry<K, V>>) (Iterator<?>) new TrieNode.Walk(root);
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (other == this) {
            return true;
        }
        if (!(other instanceof PersistentMap<?, ?> map)) {
            return super.equals(other);
        }
        boolean[] differs = new boolean[1];
        if (map.size == size) {
            TrieNode.differences(root, map.root, 0, (key, one, another) -> differs[0] = true);
        }
        return map.size == size && !differs[0];
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
