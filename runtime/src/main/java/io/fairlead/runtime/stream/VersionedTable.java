package io.fairlead.runtime.stream;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A table that never changes, at a version (an etcd revision). A changed copy shares almost everything with it, and each
 * knows the shortest way from any version it remembers: every entry once, with its last change.
 *
 * @param <K> key
 * @param <V> value, with equals
 */
public final class VersionedTable<K, V> {
    /** Removals remembered, beyond which the oldest are forgotten: who is that far behind gets everything anew. */
    static final int DEFAULT_MEMORY = 16_384;

    private final Comparator<? super K> order;
    private final String epoch;
    private final long version;
    private final long floor;
    private final int memory;
    private final Tree<K, Slot<V>> slots;
    private final Tree<Mark<K>, Boolean> changes;
    private final Tree<Mark<K>, Boolean> removals;
    // asked by every stream at every change
    private final long changedAt;

    /** Value null: removed at that version. */
    private record Slot<V>(@Nullable V value, long changedAt) {}

    private record Mark<K>(long version, @Nullable K key) {}

    /**
     * An entry of the table.
     *
     * @param changedAt version that brought this value
     */
    public record Entry<K, V>(K key, V value, long changedAt) {}

    private record Parts<K, V>(
            Tree<K, Slot<V>> slots, Tree<Mark<K>, Boolean> changes, Tree<Mark<K>, Boolean> removals) {}

    private VersionedTable(
            Comparator<? super K> order, String epoch, long version, long floor, int memory, Parts<K, V> parts) {
        this.order = order;
        this.epoch = epoch;
        this.version = version;
        this.floor = floor;
        this.memory = memory;
        this.slots = parts.slots();
        this.changes = parts.changes();
        this.removals = parts.removals();
        Tree.Pair<Mark<K>, Boolean> newest = changes.last();
        this.changedAt = newest == null ? floor : Math.max(floor, newest.key().version());
    }

    /**
     * The table a complete listing makes. What was removed before it is not known, so nobody resumes from before it.
     *
     * @param epoch names the store and its life: versions of different epochs cannot be compared
     */
    public static <K, V> VersionedTable<K, V> loaded(
            Comparator<? super K> order, String epoch, long version, Map<K, V> values) {
        return loaded(order, epoch, version, values, DEFAULT_MEMORY);
    }

    static <K, V> VersionedTable<K, V> loaded(
            Comparator<? super K> order, String epoch, long version, Map<K, V> values, int memory) {
        Comparator<Mark<K>> byVersion = (a, b) -> {
            int byNumber = Long.compare(a.version(), b.version());
            if (byNumber != 0 || a.key() == null || b.key() == null) {
                return byNumber != 0 ? byNumber : Boolean.compare(a.key() != null, b.key() != null);
            }
            return order.compare(a.key(), b.key());
        };
        Tree<K, Slot<V>> slots = Tree.empty(order);
        Tree<Mark<K>, Boolean> changes = Tree.empty(byVersion);
        for (Map.Entry<K, V> entry : values.entrySet()) {
            slots = slots.put(entry.getKey(), new Slot<>(entry.getValue(), version));
            changes = changes.put(new Mark<>(version, entry.getKey()), true);
        }
        Parts<K, V> parts = new Parts<>(slots, changes, Tree.empty(byVersion));
        return new VersionedTable<>(order, epoch, version, version, memory, parts);
    }

    /**
     * The table after changes; those that change nothing leave no trace.
     *
     * @throws IllegalArgumentException when the version does not grow although something changed
     */
    public VersionedTable<K, V> apply(long newVersion, List<? extends Change<K, V>> all) {
        VersionedTable<K, V> table = this;
        boolean changed = false;
        for (Change<K, V> change : all) {
            VersionedTable<K, V> next = table.with(Math.max(newVersion, version), change);
            changed |= next != table;
            table = next;
        }
        if (changed && newVersion <= version) {
            throw new IllegalArgumentException(
                    "version: " + newVersion + " (expected: more than " + version + ", the table's)");
        }
        return newVersion <= version || table.version == newVersion
                ? table
                : new VersionedTable<>(order, epoch, newVersion, table.floor, memory, table.parts());
    }

    private Parts<K, V> parts() {
        return new Parts<>(slots, changes, removals);
    }

    private VersionedTable<K, V> with(long at, Change<K, V> change) {
        V value = change instanceof Change.Upsert<K, V> upsert ? upsert.value() : null;
        Slot<V> old = slots.get(change.key());
        V before = old == null ? null : old.value();
        if (value == null ? before == null : value.equals(before)) {
            return this;
        }
        Mark<K> mark = new Mark<>(at, change.key());
        Tree<Mark<K>, Boolean> newChanges = changes;
        Tree<Mark<K>, Boolean> newRemovals = removals;
        if (old != null) {
            Mark<K> oldMark = new Mark<>(old.changedAt(), change.key());
            newChanges = newChanges.remove(oldMark);
            newRemovals = newRemovals.remove(oldMark);
        }
        newChanges = newChanges.put(mark, true);
        if (value == null) {
            newRemovals = newRemovals.put(mark, true);
        }
        Parts<K, V> parts = new Parts<>(slots.put(change.key(), new Slot<>(value, at)), newChanges, newRemovals);
        return new VersionedTable<>(order, epoch, at, floor, memory, parts).trimmed();
    }

    private VersionedTable<K, V> trimmed() {
        Tree.Pair<Mark<K>, Boolean> oldest = removals.size() > memory ? removals.first() : null;
        if (oldest == null || oldest.key().key() == null) {
            return this;
        }
        Mark<K> mark = oldest.key();
        Parts<K, V> parts = new Parts<>(slots.remove(mark.key()), changes.remove(mark), removals.remove(mark));
        return new VersionedTable<>(order, epoch, version, Math.max(floor, mark.version()), memory, parts);
    }

    /** What leads from a version to this one, oldest change first; empty when only the whole table does. */
    public Optional<List<Change<K, V>>> diff(long since) {
        if (since < floor || since > version) {
            return Optional.empty();
        }
        List<Change<K, V>> found = new ArrayList<>();
        changes.forEachFrom(new Mark<>(since + 1, null), (mark, ignored) -> {
            K key = mark.key();
            Slot<V> slot = key == null ? null : slots.get(key);
            if (key != null && slot != null) {
                V value = slot.value();
                found.add(value == null ? new Change.Remove<>(key) : new Change.Upsert<>(key, value));
            }
            return true;
        });
        return Optional.of(found);
    }

    /** All entries, sorted by key. */
    public List<Entry<K, V>> entries() {
        List<Entry<K, V>> all = new ArrayList<>(size());
        slots.forEach((key, slot) -> {
            V value = slot.value();
            if (value != null) {
                all.add(new Entry<>(key, value, slot.changedAt()));
            }
            return true;
        });
        return all;
    }

    /** The value of a key, if there is one. */
    public Optional<V> get(K key) {
        Slot<V> slot = slots.get(key);
        return slot == null ? Optional.empty() : Optional.ofNullable(slot.value());
    }

    /** Number of entries. */
    public int size() {
        return slots.size() - removals.size();
    }

    public long version() {
        return version;
    }

    /** Version of the newest change: who has reached it has everything, whatever {@link #version()} says since. */
    public long changedAt() {
        return changedAt;
    }

    /** The oldest version that {@link #diff} starts from. */
    public long floor() {
        return floor;
    }

    public String epoch() {
        return epoch;
    }
}
