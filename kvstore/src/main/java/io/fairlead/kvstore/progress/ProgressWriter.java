package io.fairlead.kvstore.progress;

import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.ProgressRecord;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what one replica knows of its nodes, under a lease, so that it is gone soon after the replica is.
 *
 * <p>Nothing is written while nothing changes, and however much changes, a write follows the one before by at least
 * {@link #PAUSE}. Any thread may call.
 */
public final class ProgressWriter implements AutoCloseable {
    /** Between writes: long enough to gather the acknowledgements of one change, short enough for who waits for them. */
    static final Duration PAUSE = Duration.ofMillis(20);

    /** The same where writes take long. */
    private static final Duration MOST_PAUSE = Duration.ofMillis(250);

    private static final ExecutorService WRITERS = Executors.newCachedThreadPool(task -> {
        Thread made = new Thread(task, "progress-writer");
        made.setDaemon(true);
        return made;
    });

    private static final Logger LOGGER = LoggerFactory.getLogger(ProgressWriter.class);
    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Duration AFTER_FAILURE = Duration.ofMillis(500);

    private final KvStore store;
    private final OwnKeys.Table table;
    private final String replica;
    private final Supplier<Future<Snapshot>> source;
    // guarded by: this; one write at a time is on its way
    private boolean busy;
    private boolean dirty;
    private boolean closed;
    private @Nullable Lease lease;
    private List<NodeName> members = List.of();
    private boolean membersKnown;
    private String reached = "";

    /** A node with an open stream, and the version everything up to which it has; reasons by key for what it has not. */
    public record Node(NodeName name, long version, Map<String, String> failed) {
        public Node {
            failed = Map.copyOf(failed);
        }
    }

    /** The present table and the nodes that are told of it. */
    public record Snapshot(String epoch, long version, List<Node> nodes) {
        public Snapshot {
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * A writer that has written nothing yet.
     *
     * @param replica names this replica among the others, without '/'
     * @param source asked before each write
     */
    public ProgressWriter(KvStore store, OwnKeys.Table table, String replica, Supplier<Future<Snapshot>> source) {
        if (replica.isEmpty() || replica.indexOf('/') >= 0) {
            throw new IllegalArgumentException("replica: \"" + replica + "\" (expected: not empty, no '/')");
        }
        this.store = store;
        this.table = table;
        this.replica = replica;
        this.source = source;
    }

    /** Something may have changed. */
    public synchronized void changed() {
        dirty = true;
        if (!busy && !closed) {
            busy = true;
            later(PAUSE);
        }
    }

    /** Takes back what was written. */
    public Future<Void> stop() {
        Lease held;
        synchronized (this) {
            closed = true;
            held = lease;
            lease = null;
        }
        return held == null ? Future.succeededFuture() : held.revoke();
    }

    @Override
    public void close() {
        stop().onFailure(cause -> LOGGER.atDebug().setCause(cause).log("progress stays until its lease runs out"));
    }

    private void later(Duration pause) {
        CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS, WRITERS)
                .execute(this::write);
    }

    private void write() {
        synchronized (this) {
            dirty = false;
            if (closed) {
                return;
            }
        }
        long begun = System.nanoTime();
        away(source.get())
                .compose(snapshot -> lease().compose(held -> write(snapshot, held)))
                .onComplete(written -> {
                    if (written.failed()) {
                        LOGGER.atWarn()
                                .addKeyValue("table", table)
                                .addKeyValue("error", String.valueOf(written.cause()))
                                .log("progress of nodes not written, trying again");
                    }
                    next(written.failed(), Duration.ofNanos(System.nanoTime() - begun));
                });
    }

    /** The source's thread has other things to do than to write about thousands of nodes. */
    private static Future<Snapshot> away(Future<Snapshot> asked) {
        Promise<Snapshot> elsewhere = Promise.promise();
        asked.onComplete(result -> WRITERS.execute(() -> elsewhere.handle(result)));
        return elsewhere.future();
    }

    /** The more nodes there are, the more a write costs everybody, and the more the next one gathers. */
    private synchronized void next(boolean failed, Duration took) {
        if (failed) {
            later(AFTER_FAILURE);
        } else if (dirty) {
            Duration longer = took.multipliedBy(2);
            later(longer.compareTo(PAUSE) < 0 ? PAUSE : longer.compareTo(MOST_PAUSE) > 0 ? MOST_PAUSE : longer);
        } else {
            busy = false;
        }
    }

    private Future<Void> write(Snapshot snapshot, Lease held) {
        List<NodeName> nodes = snapshot.nodes().stream().map(Node::name).toList();
        String far = record(snapshot).encode();
        List<Op> puts = new ArrayList<>();
        synchronized (this) {
            if (closed) {
                return Future.succeededFuture();
            }
            if (!membersKnown || !nodes.equals(members)) {
                String text = ProgressRecord.encodeMembers(nodes);
                puts.add(new Op.Put(OwnKeys.members(table, replica), text, held.id()));
            }
            if (!far.equals(reached)) {
                puts.add(new Op.Put(OwnKeys.reached(table, replica), far, held.id()));
            }
        }
        if (puts.isEmpty()) {
            return Future.succeededFuture();
        }
        return store.commit(new Txn(List.of(), puts, List.of())).map(done -> {
            synchronized (this) {
                members = nodes;
                membersKnown = true;
                reached = far;
            }
            return null;
        });
    }

    private static ProgressRecord record(Snapshot snapshot) {
        Map<NodeName, Long> behind = new TreeMap<>();
        Map<NodeName, Map<String, String>> failed = new TreeMap<>();
        long least = snapshot.version();
        for (Node node : snapshot.nodes()) {
            least = Math.min(least, node.version());
            if (node.version() < snapshot.version() && behind.size() < ProgressRecord.MOST) {
                behind.put(node.name(), node.version());
            }
            if (!node.failed().isEmpty() && failed.size() < ProgressRecord.MOST) {
                failed.put(node.name(), node.failed());
            }
        }
        return new ProgressRecord(snapshot.epoch(), snapshot.version(), behind, least, failed);
    }

    private Future<Lease> lease() {
        Lease held;
        synchronized (this) {
            held = lease;
        }
        return held != null
                ? Future.succeededFuture(held)
                : store.grantLease(TTL).compose(this::keep);
    }

    private Future<Lease> keep(Lease granted) {
        boolean late;
        synchronized (this) {
            late = closed;
            if (!late) {
                lease = granted;
                membersKnown = false;
                reached = "";
            }
        }
        if (late) {
            return granted.revoke().compose(gone -> Future.failedFuture("closed"));
        }
        granted.lost().onComplete(gone -> lost(granted));
        return Future.succeededFuture(granted);
    }

    private void lost(Lease gone) {
        synchronized (this) {
            if (lease != gone) {
                return;
            }
            lease = null;
        }
        changed();
    }
}
