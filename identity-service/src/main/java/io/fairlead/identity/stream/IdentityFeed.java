package io.fairlead.identity.stream;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.identity.policy.PolicySizes;
import io.fairlead.identity.policy.Worker;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import io.fairlead.kvstore.history.LastReadable;
import io.fairlead.kvstore.progress.ClusterProgress;
import io.fairlead.kvstore.progress.ProgressWriter;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.NodeProgress;
import io.fairlead.runtime.stream.TableStreams;
import io.fairlead.runtime.stream.VersionedTable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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

    // What the store has said and is not in the table yet, in its order. owned by: the owner's context
    private final Deque<List<WatchEvent>> waiting = new ArrayDeque<>();
    // True while a listing is looked into, or policies are read. owned by: the owner's context
    private boolean reading;

    private final Worker worker;
    private final LastReadable lastReadable;
    private final PolicySizes sizes = new PolicySizes();
    private final AtomicLong unreadable = new AtomicLong();
    private volatile String failing = "";
    private final Promise<Void> synced = Promise.promise();
    private final Watch watch;

    /**
     * Starts to watch.
     *
     * @param owner runs actions on the context that owns {@code streams}
     * @param worker where policies are read
     * @param epoch the same for all replicas on one store
     */
    IdentityFeed(
            KvStore store,
            StoreKeys keys,
            String epoch,
            Consumer<Runnable> owner,
            Worker worker,
            TableStreams<TableKey, TableValue> streams) {
        this.owner = owner;
        this.worker = worker;
        this.streams = streams;
        this.view = new StoreView(keys, sizes);
        this.epoch = epoch;
        this.lastReadable = new LastReadable(store, entry -> StoreView.reads(keys, entry));
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

    /** What there is, and which entries cannot be read at present, for people. */
    public String text() {
        return (synced.future().isComplete() ? "loaded" : "waiting for a complete listing") + failing;
    }

    /** How large the policies are that nodes are told. */
    public PolicySizes policySizes() {
        return sizes;
    }

    /**
     * The nodes of a cluster and how far they are.
     *
     * @param elsewhere what all replicas say of theirs
     */
    public ClusterNodes nodes(ClusterName cluster, Timers timers, ClusterProgress elsewhere) {
        return new ClusterNodes(
                cluster, owner, timers, streams, new ClusterNodes.Known(view::members, elsewhere::nodes));
    }

    /** How far the nodes are whose streams are open here, for the other replicas. */
    public Future<ProgressWriter.Snapshot> progress() {
        Promise<ProgressWriter.Snapshot> promise = Promise.promise();
        owner.accept(() -> {
            VersionedTable<TableKey, TableValue> current = table;
            List<ProgressWriter.Node> nodes = new ArrayList<>();
            streams.progress().stream()
                    .filter(NodeProgress::connected)
                    .forEach(node -> nodes.add(new ProgressWriter.Node(node.node(), node.version(), node.failed())));
            promise.complete(new ProgressWriter.Snapshot(epoch, current == null ? 0 : current.version(), nodes));
        });
        return promise.future();
    }

    @Override
    public void close() {
        watch.close();
    }

    /** Takes in what waits; a large policy is read elsewhere, and what came after it waits until it is. */
    private void takeIn() {
        while (!reading && !waiting.isEmpty()) {
            List<WatchEvent> events = waiting.remove();
            boolean listing = events.stream().anyMatch(WatchEvent.Synced.class::isInstance);
            if (!listing && !PolicyReading.isAny(events)) {
                onEvents(events, PolicyReading.Readings.NONE);
                continue;
            }
            reading = true;
            if (listing) {
                worker.call(() -> lastReadable.before(events))
                        .compose(all -> all)
                        .otherwise(events)
                        .onSuccess(all -> owner.accept(() -> read(all)));
            } else {
                read(events);
            }
        }
    }

    private void read(List<WatchEvent> events) {
        worker.call(() -> PolicyReading.of(events))
                .onComplete(read -> owner.accept(() -> {
                    reading = false;
                    // what failed as a whole, for want of memory say, is nothing that was read
                    onEvents(events, read.succeeded() ? read.result() : PolicyReading.Readings.NONE);
                    takeIn();
                }));
    }

    private void onEvents(List<WatchEvent> events, PolicyReading.Readings read) {
        List<Change<TableKey, TableValue>> changes = view.apply(events, read);
        unreadable.set(view.unreadable());
        failing = view.failing();
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
            owner.accept(() -> {
                waiting.add(all);
                takeIn();
            });
        }

        @Override
        public void onDisrupted(KvException cause) {
            LOGGER.atWarn().addKeyValue("reason", cause.getMessage()).log("Identities may be out of date");
        }
    }
}
