package io.fairlead.kvstore.memory;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.WatchEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The entries, their revisions and the changes since the last compaction. Owned by the store thread. */
final class MemoryData {
    /** As many steps a transaction may have, as etcd's default {@code --max-txn-ops}. */
    static final int MAX_TXN_OPS = 128;

    /** The changes of one revision. */
    record Change(long revision, List<WatchEvent> events) {}

    private final TreeMap<String, KeyValue> entries =
            new TreeMap<>(Comparator.comparing(k -> k.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    private final TreeMap<Long, Change> history = new TreeMap<>();
    // what each key became at the revisions that are remembered, and what it was at the oldest of them
    private final Map<String, TreeMap<Long, Optional<KeyValue>>> versions = new HashMap<>();
    private long revision = 1;
    private long compacted;

    long revision() {
        return revision;
    }

    Optional<KeyValue> get(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    /** As etcd has it: the newest change up to the revision, unless that was compacted away. */
    Optional<KeyValue> getAt(String key, long at) {
        if (at < 1) {
            throw new KvException(FailureKind.GIVE_UP, "revision: " + at + " (expected: 1 or more)", null);
        }
        if (at < compacted || at > revision) {
            throw new KvException(
                    FailureKind.RESYNC, "revision: " + at + " (expected: " + compacted + " to " + revision + ")", null);
        }
        Map.Entry<Long, Optional<KeyValue>> change =
                versions.getOrDefault(key, new TreeMap<>()).floorEntry(at);
        return change == null ? Optional.empty() : change.getValue();
    }

    Listing list(String prefix) {
        List<KeyValue> found = new ArrayList<>();
        for (KeyValue entry : entries.tailMap(prefix, true).values()) {
            if (!entry.key().startsWith(prefix)) {
                break;
            }
            found.add(entry);
        }
        return new Listing(revision, found);
    }

    Listing list(Predicate<String> wanted) {
        return new Listing(
                revision,
                entries.values().stream().filter(e -> wanted.test(e.key())).toList());
    }

    /** True when every change from {@code from} on is still known. */
    boolean remembers(long from) {
        return from >= compacted;
    }

    List<Change> since(long from) {
        return List.copyOf(history.tailMap(from, true).values());
    }

    void compact(long at) {
        if (at <= compacted || at > revision) {
            throw new KvException(
                    FailureKind.GIVE_UP,
                    "compact revision: " + at + " (expected: " + (compacted + 1) + " to " + revision + ")",
                    null);
        }
        compacted = at;
        history.headMap(at, false).clear();
        versions.values().removeIf(all -> {
            Map.Entry<Long, Optional<KeyValue>> there = all.floorEntry(at);
            if (there != null) {
                all.headMap(there.getKey(), there.getValue().isEmpty()).clear();
            }
            return all.isEmpty();
        });
    }

    /** Carries out a transaction; the change is null when nothing was written. */
    record Outcome(TxnResult result, @Nullable Change change) {}

    Outcome commit(Txn txn, Set<Long> leases) {
        check(txn);
        boolean holds = txn.conditions().stream().allMatch(this::holds);
        List<Op> branch = holds ? txn.then() : txn.otherwise();
        for (Op op : branch) {
            if (op instanceof Op.Put put && put.lease() != 0 && !leases.contains(put.lease())) {
                throw new KvException(
                        FailureKind.RESYNC, "commit: lease " + put.lease() + " of " + put.key() + " is gone", null);
            }
        }
        List<WatchEvent> events = new ArrayList<>();
        List<List<KeyValue>> reads = new ArrayList<>();
        for (Op op : branch) {
            if (op instanceof Op.Put put) {
                events.add(write(put));
            } else if (op instanceof Op.Delete delete) {
                if (entries.remove(delete.key()) != null) {
                    events.add(new WatchEvent.Delete(delete.key(), revision + 1));
                }
            } else if (op instanceof Op.Get get) {
                reads.add(get(get.key()).stream().toList());
            } else if (op instanceof Op.GetPrefix get) {
                reads.add(list(get.key()).entries());
            }
        }
        Change change = record(events);
        return new Outcome(new TxnResult(holds, revision, reads), change);
    }

    /** Deletes every key of a lease, as one change; null when it had none. */
    @Nullable
    Change deleteOfLease(long lease) {
        List<String> keys = entries.values().stream()
                .filter(e -> e.lease() == lease)
                .map(KeyValue::key)
                .toList();
        List<WatchEvent> events = new ArrayList<>();
        for (String key : keys) {
            entries.remove(key);
            events.add(new WatchEvent.Delete(key, revision + 1));
        }
        return record(events);
    }

    private WatchEvent write(Op.Put put) {
        KeyValue before = entries.get(put.key());
        long created = before == null ? revision + 1 : before.createRevision();
        KeyValue entry = new KeyValue(put.key(), put.value(), created, revision + 1, put.lease());
        entries.put(put.key(), entry);
        return new WatchEvent.Put(entry);
    }

    private @Nullable Change record(List<WatchEvent> events) {
        if (events.isEmpty()) {
            return null;
        }
        revision++;
        Change change = new Change(revision, List.copyOf(events));
        history.put(revision, change);
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put) {
                remember(put.entry().key(), Optional.of(put.entry()));
            } else if (event instanceof WatchEvent.Delete delete) {
                remember(delete.key(), Optional.empty());
            }
        }
        return change;
    }

    private void remember(String key, Optional<KeyValue> entry) {
        versions.computeIfAbsent(key, ignored -> new TreeMap<>()).put(revision, entry);
    }

    private boolean holds(Condition condition) {
        if (condition instanceof Condition.NoneUnder none) {
            String next = entries.ceilingKey(none.key());
            return next == null || !next.startsWith(none.key());
        }
        Optional<KeyValue> entry = get(condition.key());
        if (condition instanceof Condition.Exists) {
            return entry.isPresent();
        }
        if (condition instanceof Condition.Missing) {
            return entry.isEmpty();
        }
        if (condition instanceof Condition.Unchanged unchanged) {
            return entry.map(KeyValue::modRevision).orElse(0L) == unchanged.modRevision();
        }
        return condition instanceof Condition.ValueIs is
                && entry.map(KeyValue::value).filter(is.value()::equals).isPresent();
    }

    /** What etcd refuses is refused here too, or a test here would prove nothing. */
    private static void check(Txn txn) {
        int most = Math.max(
                txn.conditions().size(),
                Math.max(txn.then().size(), txn.otherwise().size()));
        if (most > MAX_TXN_OPS) {
            throw new KvException(
                    FailureKind.GIVE_UP, "commit: " + most + " steps (expected: at most " + MAX_TXN_OPS + ")", null);
        }
        for (List<Op> branch : List.of(txn.then(), txn.otherwise())) {
            Set<String> written = new HashSet<>();
            for (Op op : branch) {
                boolean prefix = op instanceof Op.GetPrefix;
                boolean writes = op instanceof Op.Put || op instanceof Op.Delete;
                if (op.key().isEmpty() && !prefix) {
                    throw new KvException(FailureKind.GIVE_UP, "commit: an empty key (expected: a key)", null);
                }
                if (writes && !written.add(op.key())) {
                    throw new KvException(
                            FailureKind.GIVE_UP, "commit: " + op.key() + " written twice (expected: once)", null);
                }
            }
        }
    }

    /** Which keys a listing has, with their revisions. */
    static Map<String, Long> revisions(Listing listing) {
        Map<String, Long> known = new TreeMap<>();
        listing.entries().forEach(e -> known.put(e.key(), e.modRevision()));
        return known;
    }
}
