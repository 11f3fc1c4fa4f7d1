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
    private final ChangeLog<K> log;
    private final Tree<Mark<K>, Boolean> removals;
    // asked by every stream at every change
    private final long changedAt;

    /** Value null: removed at that version. */
    private record Slot<V>(@Nullable V value, long changedAt) {}

    private record Mark<K>(long version, K key) {}

    /**
     * An entry of the table.
     *
     * @param changedAt version that brought this value
     */
    public record Entry<K, V>(K key, V value, long changedAt) {}

    private record Parts<K, V>(Tree<K, Slot<V>> slots, ChangeLog<K> log, Tree<Mark<K>, Boolean> removals) {}

    private VersionedTable(
            Comparator<? super K> order, String epoch, long version, long floor, int memory, Parts<K, V> parts) {
        this.order = order;
        this.epoch = epoch;
        this.version = version;
        this.floor = floor;
        this.memory = memory;
        this.slots = parts.slots();
        this.log = parts.log();
        this.removals = parts.removals();
        this.changedAt = Math.max(floor, log.newest());
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
        List<Tree.Pair<K, Slot<V>>> sorted = new ArrayList<>(values.size());
        values.forEach((key, value) -> sorted.add(new Tree.Pair<>(key, new Slot<>(value, version))));
        sorted.sort((a, b) -> order.compare(a.key(), b.key()));
        List<K> keys = sorted.stream().map(Tree.Pair::key).toList();
        Comparator<Mark<K>> byVersion = (a, b) -> {
            int byNumber = Long.compare(a.version(), b.version());
            return byNumber != 0 ? byNumber : order.compare(a.key(), b.key());
        };
        Parts<K, V> parts = new Parts<>(
                Tree.sorted(order, sorted), ChangeLog.<K>empty().with(version, keys), Tree.empty(byVersion));
        return new VersionedTable<>(order, epoch, version, version, memory, parts);
    }

    /**
     * The table after changes; those that change nothing leave no trace.
     *
     * @throws IllegalArgumentException when the version does not grow although something changed
     */
    public VersionedTable<K, V> apply(long newVersion, List<? extends Change<K, V>> all) {
        Batch batch = new Batch(Math.max(newVersion, version));
        all.forEach(batch::take);
        if (!batch.keys.isEmpty()) {
            if (newVersion <= version) {
                throw new IllegalArgumentException(
                        "version: " + newVersion + " (expected: more than " + version + ", the table's)");
            }
            return batch.table();
        }
        return newVersion <= version
                ? this
                : new VersionedTable<>(order, epoch, newVersion, floor, memory, new Parts<>(slots, log, removals));
    }

    /** Changes that come together. */
    private final class Batch {
        private final long at;
        private final Tree.Edit<K, Slot<V>> newSlots = slots.edit();
        private final Tree.Edit<Mark<K>, Boolean> newRemovals = removals.edit();
        private final List<K> keys = new ArrayList<>();

        Batch(long at) {
            this.at = at;
        }

        void take(Change<K, V> change) {
            K key = change.key();
            V value = change instanceof Change.Upsert<K, V> upsert ? upsert.value() : null;
            Slot<V> old = newSlots.get(key);
            V before = old == null ? null : old.value();
            if (value == null ? before == null : value.equals(before)) {
                return;
            }
            if (old != null && before == null) {
                newRemovals.remove(new Mark<>(old.changedAt(), key));
            }
            if (value == null) {
                newRemovals.put(new Mark<>(at, key), true);
            }
            if (old == null || old.changedAt() != at || keys.isEmpty()) {
                keys.add(key);
            }
            newSlots.put(key, new Slot<>(value, at));
        }

        VersionedTable<K, V> table() {
            long newFloor = floor;
            Tree.Pair<Mark<K>, Boolean> oldest = newRemovals.first();
            while (oldest != null && newRemovals.size() > memory) {
                newSlots.remove(oldest.key().key());
                newRemovals.remove(oldest.key());
                newFloor = Math.max(newFloor, oldest.key().version());
                oldest = newRemovals.first();
            }
            keys.sort(order);
            Tree<K, Slot<V>> after = newSlots.done();
            ChangeLog<K> newLog = log.with(at, keys);
            if (newLog.isWasteful(after.size())) {
                newLog = newLog.filtered((version, key) -> isLast(after, version, key));
            }
            return new VersionedTable<>(
                    order, epoch, at, newFloor, memory, new Parts<>(after, newLog, newRemovals.done()));
        }
    }

    /** Whether a key has not changed again since a version, and is not forgotten. */
    private static <K, V> boolean isLast(Tree<K, Slot<V>> slots, long version, K key) {
        Slot<V> slot = slots.get(key);
        return slot != null && slot.changedAt() == version;
    }

    /** What leads from a version to this one, oldest change first; empty when only the whole table does. */
    public Optional<List<Change<K, V>>> diff(long since) {
        if (since < floor || since > version) {
            return Optional.empty();
        }
        List<Change<K, V>> found = new ArrayList<>();
        log.forEachFrom(since + 1, (at, key) -> {
            Slot<V> slot = slots.get(key);
            if (slot != null && slot.changedAt() == at) {
                V value = slot.value();
                found.add(value == null ? new Change.Remove<>(key) : new Change.Upsert<>(key, value));
            }
        });
        return Optional.of(found);
    }

    /** Changes it has noted, also those of keys that have changed again, for tests of its size. */
    int logged() {
        return log.logged();
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
