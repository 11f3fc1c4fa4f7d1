package io.fairlead.kvstore.progress;

import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.ProgressRecord;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all replicas together say of the nodes they serve. Any thread may ask.
 *
 * <p>It is late by a few milliseconds and never early: a node that is said to have a revision has it. A replica that dies
 * is heard for as long as its lease lives.
 */
public final class ClusterProgress implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(ClusterProgress.class);

    private final OwnKeys.Table table;
    private final Promise<Void> synced = Promise.promise();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    // guarded by: this
    private final Map<String, List<NodeName>> members = new HashMap<>();
    // guarded by: this
    private final Map<String, ProgressRecord> reached = new HashMap<>();
    // guarded by: this; null when something has changed since it was computed
    private @Nullable Map<NodeName, NodeReached> sum;
    private final Watch watch;

    /** Starts to watch; complete once {@link #synced()} is. */
    public ClusterProgress(KvStore store, OwnKeys.Table table) {
        this.table = table;
        this.watch = store.watch(OwnKeys.progress(table), this::onEvents);
    }

    /** Completes when everything the store held has been seen. */
    public Future<Void> synced() {
        return synced.future();
    }

    /** The nodes that a replica serves now, sorted by name. */
    public synchronized Map<NodeName, NodeReached> nodes() {
        Map<NodeName, NodeReached> known = sum;
        if (known == null) {
            known = new TreeMap<>();
            for (Map.Entry<String, List<NodeName>> entry : members.entrySet()) {
                add(known, entry.getKey(), entry.getValue());
            }
            sum = known;
        }
        return new TreeMap<>(known);
    }

    /** Calls an action after each change, on the store's thread, which it must not block; until the result is closed. */
    public AutoCloseable onChange(Runnable action) {
        listeners.add(action);
        return () -> listeners.remove(action);
    }

    @Override
    public void close() {
        watch.close();
    }

    private void add(Map<NodeName, NodeReached> all, String replica, List<NodeName> nodes) {
        ProgressRecord record = reached.get(replica);
        for (NodeName node : nodes) {
            NodeReached one = record == null
                    ? new NodeReached(replica, "", 0, 0, Map.of())
                    : new NodeReached(
                            replica,
                            record.epoch(),
                            version(record, node),
                            record.version(),
                            record.failed().getOrDefault(node, Map.of()));
            // a node that has moved is listed by both for a moment
            all.merge(node, one, (a, b) -> a.version() > b.version() ? a : b);
        }
    }

    private static long version(ProgressRecord record, NodeName node) {
        boolean allNamed = record.behind().size() < ProgressRecord.MOST;
        return record.behind().getOrDefault(node, allNamed ? record.version() : record.least());
    }

    private void onEvents(List<WatchEvent> events) {
        boolean complete = false;
        synchronized (this) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Put put) {
                    changed(put.entry().key(), put.entry().value());
                } else if (event instanceof WatchEvent.Delete delete) {
                    changed(delete.key(), null);
                } else {
                    complete = true;
                }
            }
            sum = null;
        }
        if (complete) {
            synced.tryComplete();
        }
        listeners.forEach(Runnable::run);
    }

    private void changed(String key, @Nullable String value) {
        String replica = OwnKeys.replica(table, key).orElse("");
        if (replica.isEmpty()) {
            LOGGER.atWarn().addKeyValue("key", key).log("progress key of an unknown form");
        } else if (key.equals(OwnKeys.members(table, replica))) {
            read(key, value, text -> members.put(replica, ProgressRecord.decodeMembers(text)), members, replica);
        } else {
            read(key, value, text -> reached.put(replica, ProgressRecord.decode(text)), reached, replica);
        }
    }

    /** What cannot be read counts as nothing: a node is then late, which is the safe side. */
    private static void read(
            String key, @Nullable String value, Consumer<String> reader, Map<String, ?> into, String replica) {
        into.remove(replica);
        if (value == null) {
            return;
        }
        try {
            reader.accept(value);
        } catch (IllegalArgumentException e) {
            LOGGER.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("error", e.getMessage())
                    .log("unreadable progress of a replica");
        }
    }
}
