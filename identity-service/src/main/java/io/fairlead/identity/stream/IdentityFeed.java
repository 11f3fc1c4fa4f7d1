package io.fairlead.identity.stream;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.policy.Nodes;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.TableStreams;
import io.fairlead.runtime.stream.VersionedTable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the nodes' table up with the store.
 *
 * <p>One watch covers identities, addresses, nodes and policies, so the table passes through the store's revisions in their order. A
 * store whose revisions step back (restored from a backup) begins a new epoch: every node gets everything anew.
 */
public final class IdentityFeed implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(IdentityFeed.class);

    private final Consumer<Runnable> owner;
    private final TableStreams<TableKey, TableValue> streams;
    // owned by: the owner's context
    private final StoreView view;
    // What is known before the first complete table. owned by: the owner's context
    private final Map<TableKey, TableValue> loading = new HashMap<>();
    // owned by: the owner's context
    private @Nullable VersionedTable<TableKey, TableValue> table;
    // owned by: the owner's context
    private String epoch;

    private final AtomicLong unreadable = new AtomicLong();
    private final Promise<Void> synced = Promise.promise();
    private final Watch watch;

    /**
     * Starts to watch.
     *
     * @param owner runs actions on the context that owns {@code streams}
     * @param epoch the same for all replicas on one store
     */
    IdentityFeed(
            KvStore store,
            StoreKeys keys,
            String epoch,
            Consumer<Runnable> owner,
            TableStreams<TableKey, TableValue> streams) {
        this.owner = owner;
        this.streams = streams;
        this.view = new StoreView(keys);
        this.epoch = epoch;
        this.watch = store.watch(List.of(keys.prefix() + "state/", PolicyKeys.PREFIX), new Listener());
    }

    /** Completes when the first complete table has been published. */
    public Future<Void> synced() {
        return synced.future();
    }

    /** How many entries could not be read so far. */
    public long unreadable() {
        return unreadable.get();
    }

    /** The nodes of a cluster and how far they are. */
    public Nodes nodes(ClusterName cluster, Timers timers) {
        return new ClusterNodes(cluster, owner, timers, streams, view::members);
    }

    @Override
    public void close() {
        watch.close();
    }

    private void onEvents(List<WatchEvent> events) {
        List<Change<TableKey, TableValue>> changes = view.apply(events);
        unreadable.set(view.unreadable());
        long revision = 0;
        boolean complete = false;
        for (WatchEvent event : events) {
            revision = Math.max(revision, event.revision());
            complete |= event instanceof WatchEvent.Synced;
        }
        VersionedTable<TableKey, TableValue> current = table;
        if (current == null) {
            load(changes, revision, complete);
        } else if (revision > current.version()) {
            table = current.apply(revision, changes);
            if (!changes.isEmpty()) {
                streams.publish(table);
            }
        } else if (!changes.isEmpty()) {
            startAnew(current, changes, revision);
        }
    }

    private void load(List<Change<TableKey, TableValue>> changes, long revision, boolean complete) {
        apply(loading, changes);
        if (complete) {
            VersionedTable<TableKey, TableValue> first =
                    VersionedTable.loaded(TableKey.ORDER, epoch, revision, loading);
            loading.clear();
            table = first;
            streams.publish(first);
            LOGGER.atInfo()
                    .addKeyValue("entries", first.size())
                    .addKeyValue("revision", revision)
                    .log("Identities loaded");
            synced.tryComplete();
        }
    }

    /** The store's revisions stepped back: versions from before mean nothing any more. */
    private void startAnew(
            VersionedTable<TableKey, TableValue> before, List<Change<TableKey, TableValue>> changes, long revision) {
        Map<TableKey, TableValue> values = new HashMap<>();
        before.entries().forEach(entry -> values.put(entry.key(), entry.value()));
        apply(values, changes);
        epoch = UUID.randomUUID().toString();
        VersionedTable<TableKey, TableValue> anew = VersionedTable.loaded(TableKey.ORDER, epoch, revision, values);
        table = anew;
        LOGGER.atWarn()
                .addKeyValue("before", before.version())
                .addKeyValue("now", revision)
                .log("The store's revisions stepped back, all nodes get everything anew");
        streams.publish(anew);
        streams.closeAll("the store's revisions stepped back");
    }

    private static void apply(Map<TableKey, TableValue> values, List<Change<TableKey, TableValue>> changes) {
        for (Change<TableKey, TableValue> change : changes) {
            if (change instanceof Change.Upsert<TableKey, TableValue> upsert) {
                values.put(upsert.key(), upsert.value());
            } else {
                values.remove(change.key());
            }
        }
    }

    /** Brings what the store's thread says to the owner's context. */
    private final class Listener implements WatchListener {
        @Override
        public void onEvents(List<WatchEvent> events) {
            List<WatchEvent> all = new ArrayList<>(events);
            owner.accept(() -> IdentityFeed.this.onEvents(all));
        }

        @Override
        public void onDisrupted(KvException cause) {
            LOGGER.atWarn().addKeyValue("reason", cause.getMessage()).log("Identities may be out of date");
        }
    }
}
