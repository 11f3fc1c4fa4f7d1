package io.fairlead.runtime.stream;

import io.fairlead.runtime.retry.Timers;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
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

    private record Sent(long nonce, long version, String epoch) {}

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
    private boolean closed;

    TableStream(TableStreams<K, V> all, Sink sink) {
        this.all = all;
        this.sink = sink;
    }

    void receive(FromNode message) {
        if (closed) {
            return;
        }
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
            node.reached(reached.epoch(), reached.version());
        }
        // the same nonce again: what failed then may work by now, and the other way round
        if (acknowledged > 0 && ack.nonce() >= acknowledged) {
            node.failed = ack.failed();
        }
        pump();
    }

    /** Sends what the node lacks, as far as it can take it. */
    void pump() {
        while (!closed && state != null && sink.isReady()) {
            Update<K, V> current = update;
            if (current == null) {
                current = next();
                if (current == null) {
                    return;
                }
                update = current;
                nextChunk = 0;
            }
            long nonce = ++lastNonce;
            boolean first = nextChunk == 0;
            byte[] body = current.body(nextChunk, all.codec());
            if (current.isLast(nextChunk++)) {
                unacknowledged.add(new Sent(nonce, current.version(), current.epoch()));
                sentVersion = current.version();
                sentEpoch = current.epoch();
                update = null;
            }
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
            state.reached(first.epoch(), first.version());
        }
        return all.since(first.version());
    }

    private @Nullable Update<K, V> nextDifference(VersionedTable<K, V> table) {
        if (!sentEpoch.equals(table.epoch())) {
            return all.snapshot();
        }
        if (sentVersion == table.version()) {
            return null;
        }
        Update<K, V> difference = all.since(sentVersion);
        return difference.isEmpty() ? null : difference;
    }

    /** Another replica has shown the node more: an older table would take things away that it rightly has. */
    private void waitForTable(FromNode.Subscribe first) {
        if (catchUp != null) {
            return;
        }
        catchUp = all.timers()
                .after(
                        CATCH_UP,
                        () -> all.run(() -> {
                            if (first.equals(resume)) {
                                resume = new FromNode.Subscribe(first.node(), 0, "");
                                pump();
                            }
                        }));
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
        if (catchUp != null) {
            catchUp.cancel();
        }
        if (state != null) {
            all.ended(state, this);
        }
    }
}
