package io.fairlead.runtime.stream;

import io.fairlead.contract.NodeName;
import io.fairlead.runtime.retry.Timers;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All nodes' streams of one table. {@link #publish}, {@link #progress} and {@link #closeAll} are called on the owner's
 * context, where all of its state lives; calls come in on any thread and go there.
 *
 * @param <K> key of the table
 * @param <V> its values
 */
public final class TableStreams<K, V> {
    /** How long a node's acknowledgements are kept after its stream has ended. */
    public static final Duration MEMORY = Duration.ofSeconds(60);

    private static final Logger LOGGER = LoggerFactory.getLogger(TableStreams.class);
    private static final long WHOLE = -1;

    private final TableCodec<K, V> codec;
    private final Consumer<Runnable> owner;
    private final Timers timers;
    private final Counter snapshots;
    private final Counter responses;
    private final Counter superseded;
    private final AtomicInteger connected = new AtomicInteger();
    // owned by: the owner's context
    private final Map<NodeName, NodeState> nodes = new TreeMap<>();
    // owned by: the owner's context; what was computed for the present table, by where it starts
    private final Map<Long, Update<K, V>> updates = new HashMap<>();
    // owned by: the owner's context; null until there is a complete table
    private @Nullable VersionedTable<K, V> table;

    /**
     * No table and no streams yet.
     *
     * @param owner runs actions one after the other on the owning context, such as {@code
     *     action -> context.runOnContext(ignored -> action.run())}
     */
    public TableStreams(TableCodec<K, V> codec, Consumer<Runnable> owner, Timers timers, MeterRegistry metrics) {
        this.codec = codec;
        this.owner = owner;
        this.timers = timers;
        this.snapshots = metrics.counter("fairlead.stream.snapshots");
        this.responses = metrics.counter("fairlead.stream.responses");
        this.superseded = metrics.counter("fairlead.stream.superseded");
        Gauge.builder("fairlead.stream.nodes", connected, AtomicInteger::get).register(metrics);
    }

    /** Makes a table known to every node. */
    public void publish(VersionedTable<K, V> next) {
        table = next;
        updates.clear();
        for (NodeState node : List.copyOf(nodes.values())) {
            if (node.stream != null) {
                node.stream.pump();
            }
        }
    }

    /** What is known of each node, sorted by name: those with a stream, and those that had one a minute ago. */
    public List<NodeProgress> progress() {
        String epoch = table == null ? "" : table.epoch();
        List<NodeProgress> all = new ArrayList<>();
        nodes.values().forEach(node -> all.add(node.progress(epoch)));
        return all;
    }

    /** Ends every stream, so that nodes go to another replica or come back. */
    public void closeAll(String reason) {
        for (NodeState node : List.copyOf(nodes.values())) {
            if (node.stream != null) {
                node.stream.close(Status.UNAVAILABLE.withDescription(reason));
            }
        }
    }

    /**
     * The method that serves streams.
     *
     * @param reader what a request says; throws IllegalArgumentException when it says nothing sensible
     */
    public <Q> ServerCalls.BidiStreamingMethod<Q, Frame> method(Function<? super Q, FromNode> reader) {
        return responses -> {
            ServerCallStreamObserver<Frame> call = (ServerCallStreamObserver<Frame>) responses;
            TableStream<K, V> stream = new TableStream<>(this, new CallSink(call));
            call.setOnReadyHandler(() -> owner.accept(stream::pump));
            call.setOnCancelHandler(() -> owner.accept(stream::ended));
            return new Requests<>(stream, reader);
        };
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

    void run(Runnable action) {
        owner.accept(action);
    }

    @Nullable
    VersionedTable<K, V> table() {
        return table;
    }

    @Nullable
    Update<K, V> snapshot() {
        VersionedTable<K, V> current = table;
        return current == null ? null : updates.computeIfAbsent(WHOLE, ignored -> Update.snapshot(current));
    }

    Update<K, V> since(long version) {
        VersionedTable<K, V> current = table;
        if (current == null) {
            throw new IllegalStateException("no table was published");
        }
        return updates.computeIfAbsent(version, ignored -> Update.since(current, version));
    }

    NodeState opened(NodeName name, TableStream<K, V> stream) {
        NodeState node = nodes.computeIfAbsent(name, NodeState::new);
        TableStream<?, ?> former = node.stream;
        node.cancelForgetting();
        node.stream = stream;
        connected.incrementAndGet();
        if (former != null) {
            superseded.increment();
            LOGGER.atInfo().addKeyValue("node", name).log("a new stream replaces a node's former one");
            former.close(Status.ABORTED.withDescription("node " + name + " has opened another stream"));
        }
        return node;
    }

    void ended(NodeState node, TableStream<K, V> stream) {
        connected.decrementAndGet();
        if (node.stream != stream) {
            return;
        }
        node.stream = null;
        node.forget = timers.after(
                MEMORY,
                () -> run(() -> {
                    if (node.stream == null) {
                        nodes.remove(node.node, node);
                    }
                }));
    }

    void sent(boolean beginsSnapshot) {
        responses.increment();
        if (beginsSnapshot) {
            snapshots.increment();
        }
    }

    private record CallSink(ServerCallStreamObserver<Frame> call) implements TableStream.Sink {
        @Override
        public boolean isReady() {
            return call.isReady() && !call.isCancelled();
        }

        @Override
        public void send(Frame frame) {
            call.onNext(frame);
        }

        @Override
        public void close(Status status) {
            if (call.isCancelled()) {
                return;
            }
            if (status.isOk()) {
                call.onCompleted();
            } else {
                call.onError(status.asRuntimeException());
            }
        }
    }

    /** What comes in on a call, read on its event loop and handed to the owner. */
    private final class Requests<Q> implements StreamObserver<Q> {
        private final TableStream<K, V> stream;
        private final Function<? super Q, FromNode> reader;

        Requests(TableStream<K, V> stream, Function<? super Q, FromNode> reader) {
            this.stream = stream;
            this.reader = reader;
        }

        @Override
        public void onNext(Q request) {
            try {
                FromNode message = reader.apply(request);
                owner.accept(() -> stream.receive(message));
            } catch (IllegalArgumentException e) {
                owner.accept(() -> stream.close(Status.INVALID_ARGUMENT.withDescription(e.getMessage())));
            }
        }

        @Override
        public void onError(Throwable cause) {
            owner.accept(stream::ended);
        }

        @Override
        public void onCompleted() {
            owner.accept(() -> stream.close(Status.OK));
        }
    }
}
