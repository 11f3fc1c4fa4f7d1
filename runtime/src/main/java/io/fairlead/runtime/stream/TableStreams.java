package io.fairlead.runtime.stream;

import io.fairlead.contract.NodeName;
import io.fairlead.runtime.retry.Timers;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All nodes' streams of one table. {@link #publish}, {@link #progress}, {@link #lags} and {@link #closeAll} are called on
 * the owner's context, where all of its state lives; calls come in on any thread and go there.
 *
 * @param <K> key of the table
 * @param <V> its values
 */
public final class TableStreams<K, V> {
    /** How long a node's acknowledgements are kept after its stream has ended. */
    public static final Duration MEMORY = Duration.ofSeconds(60);

    private static final Logger LOGGER = LoggerFactory.getLogger(TableStreams.class);

    private final TableCodec<K, V> codec;
    private final Consumer<Runnable> owner;
    private final Timers timers;
    private final StreamSettings settings;
    private final StreamMetrics metrics;
    private final Convergence convergence;
    private final OpenStreams open;
    private final LargeResponses large;
    private final StallWatch stalls;
    // owned by: the owner's context
    private final Map<NodeName, NodeState> nodes = new TreeMap<>();
    // owned by: the owner's context; what was computed for the present table, by where it starts
    private final Map<Long, Update<K, V>> updates = new HashMap<>();
    // owned by: the owner's context; null until there is a complete table
    private @Nullable VersionedTable<K, V> table;
    // owned by: the owner's context; of the present table or one shortly before
    private @Nullable Update<K, V> snapshot;
    private Runnable onProgress = () -> {};

    /** Streams with {@link StreamSettings#DEFAULT}. */
    public TableStreams(TableCodec<K, V> codec, Consumer<Runnable> owner, Timers timers, MeterRegistry metrics) {
        this(codec, owner, timers, metrics, StreamSettings.DEFAULT);
    }

    /**
     * No table and no streams yet.
     *
     * @param owner runs actions one after the other on the owning context, such as {@code
     *     action -> context.runOnContext(ignored -> action.run())}
     */
    public TableStreams(
            TableCodec<K, V> codec,
            Consumer<Runnable> owner,
            Timers timers,
            MeterRegistry metrics,
            StreamSettings settings) {
        this.codec = codec;
        this.owner = owner;
        this.timers = timers;
        this.settings = settings;
        this.metrics = StreamMetrics.of(metrics);
        this.convergence = new Convergence(metrics);
        this.open = new OpenStreams(owner);
        this.large = new LargeResponses(owner, timers);
        this.stalls = new StallWatch(open, this::later, this.metrics, settings.stallTimeout());
    }

    /** Makes a table known to every node. */
    public void publish(VersionedTable<K, V> next) {
        VersionedTable<K, V> before = table;
        boolean newEpoch = before == null || !before.epoch().equals(next.epoch());
        table = next;
        updates.clear();
        if (newEpoch || next.changedAt() > before.version()) {
            convergence.published(next.version(), newEpoch, timers.nanoTime());
        }
        open.round();
        onProgress.run();
    }

    /** What is known of each node, sorted by name: those with a stream, and those that had one a minute ago. */
    public List<NodeProgress> progress() {
        List<NodeProgress> all = new ArrayList<>(nodes.size());
        nodes.values().forEach(node -> all.add(node.progress(table)));
        return all;
    }

    /** As {@link #progress}, with how far each is behind and why. */
    public List<NodeLag> lags() {
        List<NodeLag> all = new ArrayList<>(nodes.size());
        nodes.values().forEach(node -> all.add(lag(node)));
        return all;
    }

    private NodeLag lag(NodeState node) {
        VersionedTable<K, V> current = table;
        TableStream<?, ?> stream = node.stream;
        boolean has = current != null && node.has(current);
        if (has || stream == null) {
            return new NodeLag(node.progress(current), has, 0, has ? "" : "no stream", node.medianNanos());
        }
        long now = timers.nanoTime();
        long since = convergence.firstLacking(node.position, stream.openedNanos());
        return new NodeLag(
                node.progress(current), false, Math.max(0, now - since), stream.waiting(now), node.medianNanos());
    }

    /** How long the newest changes took to reach every node with a stream. */
    public ConvergenceSummary convergence() {
        return convergence.summary();
    }

    /** How long a change of a version of the present table took, in nanoseconds; -1 when not known or not over. */
    public long tookNanos(long changedAt) {
        return convergence.took(changedAt);
    }

    /** Since when a node lacks something that has this version of the present epoch and nothing newer; 0 when it does not. */
    public long lackingNanos(long version) {
        long now = timers.nanoTime();
        return now - convergence.firstLacking(convergence.positionOf(version), now);
    }

    /** Has an action run, on the owner's context, whenever {@link #progress} may say something else. It must be quick. */
    public void onProgress(Runnable action) {
        onProgress = action;
    }

    /** Ends every stream, so that nodes go to another replica or come back. */
    public void closeAll(String reason) {
        for (TableStream<?, ?> stream : open.all()) {
            stream.close(Status.UNAVAILABLE.withDescription(reason));
        }
    }

    /**
     * The method that serves streams.
     *
     * @param reader what a request says; throws IllegalArgumentException when it says nothing sensible
     */
    public <Q> ServerCalls.BidiStreamingMethod<Q, Frame> method(Function<? super Q, FromNode> reader) {
        return Calls.method(this, owner, reader);
    }

    TableStream<K, V> open(TableStream.Sink sink) {
        return new TableStream<>(this, sink);
    }

    TableCodec<K, V> codec() {
        return codec;
    }

    Timers timers() {
        return timers;
    }

    LargeResponses large() {
        return large;
    }

    StreamSettings settings() {
        return settings;
    }

    void run(Runnable action) {
        owner.accept(action);
    }

    private void later(Duration delay, Runnable action) {
        timers.after(delay, () -> run(action));
    }

    @Nullable
    VersionedTable<K, V> table() {
        return table;
    }

    /** Everything, for a node of which nothing is known: it may start again and have in its kernel all there is now. */
    Update<K, V> snapshot() {
        return snapshot(Long.MAX_VALUE);
    }

    /**
     * Everything; shared by all who need it. One of a while ago does for nodes that had not reached it, the difference follows:
     * thousands that come back while the table changes are not each told something of their own.
     *
     * @param known version of this epoch that a node has reached
     */
    private Update<K, V> snapshot(long known) {
        VersionedTable<K, V> current = published();
        Update<K, V> shared = snapshot;
        if (shared == null
                || !shared.epoch().equals(current.epoch())
                || shared.version() < Math.max(current.floor(), Math.min(known, current.changedAt()))) {
            shared = Update.snapshot(current, convergence.newest());
            snapshot = shared;
        }
        return shared;
    }

    /** The difference, or everything when the table does not remember that far. */
    Update<K, V> since(long version) {
        VersionedTable<K, V> current = published();
        Update<K, V> known = updates.get(version);
        if (known == null) {
            known = current.diff(version)
                    .map(changes -> Update.since(current, version, changes, convergence.newest()))
                    .orElseGet(() -> snapshot(version));
            updates.put(version, known);
        }
        return known;
    }

    private VersionedTable<K, V> published() {
        VersionedTable<K, V> current = table;
        if (current == null) {
            throw new IllegalStateException("no table was published");
        }
        return current;
    }

    NodeState opened(NodeName name, TableStream<K, V> stream) {
        NodeState node = nodes.computeIfAbsent(name, NodeState::new);
        TableStream<?, ?> former = node.stream;
        node.cancelForgetting();
        node.stream = stream;
        open.add(stream);
        metrics.connected().incrementAndGet();
        if (former == null) {
            // who comes for the first time has its own time to get everything: it delays no change made before
            node.position = convergence.join(node.position < 0 ? convergence.newest() : node.position);
        } else {
            metrics.superseded().increment();
            LOGGER.atInfo().addKeyValue("node", name).log("a new stream replaces a node's former one");
            former.close(Status.ABORTED.withDescription("node " + name + " has opened another stream"));
        }
        stalls.watch();
        onProgress.run();
        return node;
    }

    void ended(NodeState node, TableStream<K, V> stream) {
        metrics.connected().decrementAndGet();
        open.remove(stream);
        if (node.stream != stream) {
            return;
        }
        node.stream = null;
        convergence.leave(node.position, timers.nanoTime());
        node.forget = timers.after(
                MEMORY,
                () -> run(() -> {
                    if (node.stream == null) {
                        nodes.remove(node.node, node);
                    }
                }));
        onProgress.run();
    }

    /** A node says, or is known to have said, that it has everything up to a version. */
    void reached(NodeState node, String epoch, long version, long position) {
        long now = timers.nanoTime();
        if (position > node.position) {
            node.took(now - convergence.firstLacking(node.position, now));
        }
        node.reached(epoch, version);
        node.position = convergence.move(node.position, position, now);
        onProgress.run();
    }

    long positionOf(long version) {
        return convergence.positionOf(version);
    }

    void failedChanged() {
        onProgress.run();
    }

    void sent(boolean beginsSnapshot) {
        metrics.responses().increment();
        if (beginsSnapshot) {
            metrics.snapshots().increment();
        }
    }
}
