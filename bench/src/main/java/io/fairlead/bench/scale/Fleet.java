package io.fairlead.bench.scale;

import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Many simulated nodes in one process, over the channels agents use. Any thread may call. */
final class Fleet<Q> implements AutoCloseable {
    /** Every so many nodes one keeps its whole table, to be compared with the store. */
    private static final int WHOLE_EVERY = 250;

    /** Is told whenever a node has everything up to a version; on the event loops, so it must be quick. */
    @FunctionalInterface
    interface Recorder {
        void received(int index, Reply reply, long nanos);
    }

    private final Protocol<Q> protocol;
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final List<SimulatedNode<Q>> nodes = new ArrayList<>();
    private final ScheduledExecutorService timers;
    private final AtomicLong attempts = new AtomicLong();
    private final Queue<String> wrongs = new ConcurrentLinkedQueue<>();
    private volatile Recorder recorder = (index, reply, nanos) -> {};

    /**
     * Nodes that have not connected yet.
     *
     * @param prefix of their names
     * @param connections that carry their streams; the number of nodes gives each its own
     */
    Fleet(Protocol<Q> protocol, int port, String prefix, int count, int connections) {
        this(protocol, port, prefix, count, connections, WHOLE_EVERY);
    }

    /** @param wholeEvery every so many nodes one keeps its whole table */
    Fleet(Protocol<Q> protocol, int port, String prefix, int count, int connections, int wholeEvery) {
        this.protocol = protocol;
        this.timers = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "fleet");
            thread.setDaemon(true);
            return thread;
        });
        for (int i = 0; i < connections; i++) {
            channels.add(Channels.tcp(new HostPort("127.0.0.1", port), Duration.ofSeconds(5)));
        }
        for (int i = 0; i < count; i++) {
            nodes.add(new SimulatedNode<>(i, prefix + i, this, channels.get(i % connections), i % wholeEvery == 0));
        }
    }

    Protocol<Q> protocol() {
        return protocol;
    }

    int size() {
        return nodes.size();
    }

    SimulatedNode<Q> node(int index) {
        return nodes.get(index);
    }

    /** Has all of them connect. */
    void open() {
        nodes.forEach(SimulatedNode::open);
    }

    void record(Recorder next) {
        recorder = next;
    }

    /** Streams asked for so far. */
    long attempts() {
        return attempts.get();
    }

    /** The newest version any node has. */
    long newest() {
        return nodes.stream().mapToLong(SimulatedNode::version).max().orElse(0);
    }

    /** Nodes that have a version. */
    long having(long version) {
        return nodes.stream().filter(node -> node.version() >= version).count();
    }

    /** Tables of the nodes that keep theirs. */
    List<Map<String, String>> tables() {
        return nodes.stream()
                .map(SimulatedNode::table)
                .filter(table -> !table.isEmpty())
                .toList();
    }

    /** What nodes were told that cannot be. */
    List<String> wrongs() {
        return List.copyOf(wrongs);
    }

    void attempted() {
        attempts.incrementAndGet();
    }

    void received(int index, Reply reply) {
        recorder.received(index, reply, System.nanoTime());
    }

    void wrong(String what) {
        wrongs.add(what);
    }

    void later(Duration pause, Runnable action) {
        try {
            var unused = timers.schedule(action, pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // closed: nobody comes back
            return;
        }
    }

    @Override
    public void close() {
        nodes.forEach(SimulatedNode::close);
        timers.shutdownNow();
        channels.forEach(ManagedChannel::shutdownNow);
        for (ManagedChannel channel : channels) {
            try {
                if (!channel.awaitTermination(10, TimeUnit.SECONDS)) {
                    wrong("a channel does not end");
                }
            } catch (InterruptedException e) {
                throw Waiting.interrupted(e);
            }
        }
    }
}
