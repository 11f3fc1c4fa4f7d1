package io.fairlead.runtime.stream;

import io.fairlead.runtime.retry.Timers;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One node's stream. Sends while the call is ready and not too much is unacknowledged; a change that comes meanwhile is
 * part of the next difference. Runs on the context of {@link TableStreams}.
 */
final class TableStream<K, V> {
    /** Updates on their way to one kernel: enough to hide the way there and back, too few to be a backlog. */
    static final int MAX_UNACKNOWLEDGED = 4;

    /** How long to wait for the own store to show what another replica has already shown the node. */
    static final Duration CATCH_UP = Duration.ofSeconds(3);

    /** Where responses go. */
    interface Sink {
        boolean isReady();

        void send(Frame frame);

        void close(Status status);
    }

    private record Sent(long nonce, long version, String epoch, long position) {}

    /**
     * A stream that was ended because it was stuck.
     *
     * @param reads whether the node took what it was sent, without acknowledging it
     */
    record Stall(NodeState node, boolean reads) {}

    private final TableStreams<K, V> all;
    private final Sink sink;
    private final Deque<Sent> unacknowledged = new ArrayDeque<>();
    private @Nullable NodeState state;
    private FromNode.@Nullable Subscribe resume;
    private Timers.@Nullable Pending catchUp;
    private @Nullable Update<K, V> update;
    private int nextChunk;
    private long lastNonce;
    private long sentVersion;
    private String sentEpoch = "";
    private long acknowledged;
    private final long openedNanos;
    private long progressNanos;
    private boolean closed;
    /** Whether what was sent last may still be in the transport's buffers and is large. */
    private boolean large;
    /** Place in {@link OpenStreams}. */
    int index;

    TableStream(TableStreams<K, V> all, Sink sink) {
        this.all = all;
        this.sink = sink;
        this.openedNanos = all.timers().nanoTime();
        this.progressNanos = openedNanos;
    }

    void receive(FromNode message) {
        if (closed) {
            return;
        }
        progressNanos = all.timers().nanoTime();
        if (message instanceof FromNode.Subscribe subscribe) {
            subscribe(subscribe);
        } else if (message instanceof FromNode.Ack ack) {
            acknowledge(ack);
        }
    }

    private void subscribe(FromNode.Subscribe message) {
        if (state != null) {
            close(Status.INVALID_ARGUMENT.withDescription("subscribe: again (expected: once, as the first message)"));
            return;
        }
        state = all.opened(message.node(), this);
        resume = message;
        pump();
    }

    private void acknowledge(FromNode.Ack ack) {
        NodeState node = state;
        if (node == null || ack.nonce() > lastNonce || ack.nonce() <= 0) {
            close(Status.INVALID_ARGUMENT.withDescription("ack of nonce: " + Long.toUnsignedString(ack.nonce())
                    + " (expected: " + (node == null ? "subscribe first" : "1 to " + lastNonce) + ")"));
            return;
        }
        Sent reached = null;
        for (Sent head = unacknowledged.peek(); head != null && head.nonce() <= ack.nonce(); ) {
            reached = unacknowledged.poll();
            head = unacknowledged.peek();
        }
        if (reached != null) {
            acknowledged = reached.nonce();
            node.silent = false;
            all.reached(node, reached.epoch(), reached.version(), reached.position());
        }
        // the same nonce again: what failed then may work by now, and the other way round
        if (acknowledged > 0 && ack.nonce() >= acknowledged) {
            if (!node.failed.equals(ack.failed())) {
                node.failed = ack.failed();
                all.failedChanged();
            }
        }
        pump();
    }

    /** Sends what the node lacks, as far as it can take it. */
    void pump() {
        while (!closed && state != null && sink.isReady()) {
            if (large && update == null) {
                large = false;
                all.large().ended(this);
            }
            Update<K, V> current = update;
            if (current == null) {
                current = next();
                if (current == null) {
                    return;
                }
                update = current;
                nextChunk = 0;
            }
            byte[] body = current.body(nextChunk, all.codec());
            if (body.length >= LargeResponses.LARGE) {
                if (!all.large().mayBegin(this)) {
                    return;
                }
                large = true;
            }
            long nonce = ++lastNonce;
            boolean first = nextChunk == 0;
            if (current.isLast(nextChunk++)) {
                unacknowledged.add(new Sent(nonce, current.version(), current.epoch(), current.position()));
                sentVersion = current.version();
                sentEpoch = current.epoch();
                update = null;
            }
            progressNanos = all.timers().nanoTime();
            sink.send(new Frame(nonce, body));
            all.sent(current.isSnapshot() && first);
        }
    }

    private @Nullable Update<K, V> next() {
        VersionedTable<K, V> table = all.table();
        if (table == null || unacknowledged.size() >= MAX_UNACKNOWLEDGED) {
            return null;
        }
        FromNode.Subscribe first = resume;
        if (first == null) {
            return nextDifference(table);
        }
        boolean comparable = first.version() > 0 && first.epoch().equals(table.epoch());
        if (comparable && first.version() > table.version()) {
            waitForTable(first);
            return null;
        }
        resume = null;
        if (!comparable) {
            return all.snapshot();
        }
        if (state != null) {
            all.reached(state, first.epoch(), first.version(), all.positionOf(first.version()));
        }
        return all.since(first.version());
    }

    private @Nullable Update<K, V> nextDifference(VersionedTable<K, V> table) {
        if (!sentEpoch.equals(table.epoch())) {
            return all.snapshot();
        }
        return sentVersion >= table.changedAt() ? null : all.since(sentVersion);
    }

    /** Another replica has shown the node more: an older table would take things away that it rightly has. */
    private void waitForTable(FromNode.Subscribe first) {
        if (catchUp == null) {
            catchUp = all.timers()
                    .after(
                            CATCH_UP,
                            () -> all.settings()
                                    .storeVersion()
                                    .get()
                                    .onComplete(asked -> all.run(() -> {
                                        if (!closed && first.equals(resume)) {
                                            isAhead(first, asked.succeeded() ? asked.result() : Long.MAX_VALUE);
                                        }
                                    })));
        }
    }

    /** Still ahead: either the store has gone back, or this replica cannot see all of it. */
    private void isAhead(FromNode.Subscribe first, long storeVersion) {
        if (storeVersion >= first.version()) {
            close(
                    Status.UNAVAILABLE.withDescription(
                            "node " + first.node() + " has version " + first.version()
                                    + ", which this replica has not seen yet; nothing is taken from it, another replica may know more"));
            return;
        }
        resume = new FromNode.Subscribe(first.node(), 0, "");
        pump();
    }

    /** When the call began. */
    long openedNanos() {
        return openedNanos;
    }

    /** What the node is waited for. */
    String waiting(long now) {
        Sent oldest = unacknowledged.peek();
        if (!sink.isReady()) {
            return "has not read for " + (now - progressNanos) / 1_000_000_000 + " s";
        }
        if (catchUp != null && resume != null) {
            return "has version " + resume.version() + ", which this replica has not seen yet";
        }
        return oldest == null ? "is being sent everything" : "has not acknowledged version " + oldest.version();
    }

    private boolean lacks() {
        VersionedTable<K, V> table = all.table();
        if (table == null || (resume != null && catchUp != null)) {
            return false;
        }
        return !unacknowledged.isEmpty()
                || update != null
                || !sentEpoch.equals(table.epoch())
                || sentVersion < table.changedAt();
    }

    /** Ends the stream when the node has been stuck for too long. */
    Optional<Stall> checkStall() {
        NodeState node = state;
        long now = all.timers().nanoTime();
        if (closed || node == null || !lacks()) {
            progressNanos = now;
            return Optional.empty();
        }
        Duration timeout = all.settings().stallTimeout();
        boolean reads = sink.isReady();
        // who reads but does not acknowledge is given one new beginning: more of them would be a loop
        if (now - progressNanos < timeout.toNanos() || (reads && node.silent)) {
            return Optional.empty();
        }
        node.silent |= reads;
        close(Status.DEADLINE_EXCEEDED.withDescription(
                "node " + node.node + (reads ? " has not acknowledged for " : " has not read for ")
                        + timeout.toSeconds() + " s; it gets what it lacks when it comes back"));
        return Optional.of(new Stall(node, reads));
    }

    void failed(RuntimeException cause) {
        ended();
        try {
            sink.close(Status.INTERNAL.withDescription("stream failed: " + cause));
        } catch (IllegalStateException e) {
            // the call has ended by itself
            cause.addSuppressed(e);
        }
    }

    /** Ends the stream from this side. */
    void close(Status status) {
        if (!closed) {
            ended();
            sink.close(status);
        }
    }

    /** The call is over. */
    void ended() {
        if (closed) {
            return;
        }
        closed = true;
        update = null;
        all.large().ended(this);
        if (catchUp != null) {
            catchUp.cancel();
        }
        if (state != null) {
            all.ended(state, this);
        }
    }
}
