package io.fairlead.runtime.stream;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which keys changed at which version, the newest last; never changes. A key that changes again stays where it was, too, so
 * that a change costs next to nothing: who reads compares, and sometimes it is filtered.
 */
final class ChangeLog<K> {
    private static final int FREE = 64;

    private final Tree<Long, List<K>> byVersion;
    private final long newest;
    private final int logged;

    private ChangeLog(Tree<Long, List<K>> byVersion, long newest, int logged) {
        this.byVersion = byVersion;
        this.newest = newest;
        this.logged = logged;
    }

    /** Takes one version and one key of it. */
    @FunctionalInterface
    interface Visitor<K> {
        void visit(long version, K key);
    }

    /** Whether a key is still to be remembered at a version. */
    @FunctionalInterface
    interface Filter<K> {
        boolean keeps(long version, K key);
    }

    static <K> ChangeLog<K> empty() {
        return new ChangeLog<>(Tree.empty(Comparator.naturalOrder()), 0, 0);
    }

    /** Version of the newest change; 0 for none. */
    long newest() {
        return newest;
    }

    int logged() {
        return logged;
    }

    /** @param version greater than any before */
    ChangeLog<K> with(long version, List<K> keys) {
        if (keys.isEmpty()) {
            return this;
        }
        Tree.Edit<Long, List<K>> edit = byVersion.edit();
        edit.put(version, List.copyOf(keys));
        return new ChangeLog<>(edit.done(), version, logged + keys.size());
    }

    /** Whether most of it is of keys that have changed again. */
    boolean isWasteful(int live) {
        return logged > 2L * live + FREE;
    }

    ChangeLog<K> filtered(Filter<? super K> filter) {
        List<Tree.Pair<Long, List<K>>> kept = new ArrayList<>();
        int count = 0;
        List<Tree.Pair<Long, List<K>>> all = new ArrayList<>(byVersion.size());
        byVersion.forEach((version, keys) -> all.add(new Tree.Pair<>(version, keys)));
        for (Tree.Pair<Long, List<K>> entry : all) {
            List<K> keys = entry.value().stream()
                    .filter(key -> filter.keeps(entry.key(), key))
                    .toList();
            if (!keys.isEmpty()) {
                kept.add(new Tree.Pair<>(entry.key(), keys));
                count += keys.size();
            }
        }
        return new ChangeLog<>(Tree.sorted(Comparator.naturalOrder(), kept), newest, count);
    }

    /** Visits all from a version on. */
    void forEachFrom(long version, Visitor<? super K> visitor) {
        byVersion.forEachFrom(version, (at, keys) -> {
            keys.forEach(key -> visitor.visit(at, key));
            return true;
        });
    }
}
