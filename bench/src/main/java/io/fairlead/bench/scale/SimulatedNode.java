package io.fairlead.bench.scale;

import com.google.protobuf.InvalidProtocolBufferException;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A node as the service sees one: it subscribes, takes what it is told, acknowledges, and comes back with its version when the
 * stream ends. It installs nothing: its kernel takes no time.
 */
final class SimulatedNode<Q> {
    private final int index;
    private final String name;
    private final Fleet<Q> fleet;
    private final Channel channel;
    private final boolean whole;
    // all below guarded by: this
    private final Map<String, String> table = new HashMap<>();
    private final Backoff backoff =
            new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), ThreadLocalRandom.current());
    private @Nullable StreamObserver<Q> requests;
    private long version;
    private String epoch = "";
    private long counted;
    private boolean withinSnapshot;
    private boolean paused;
    private long lastNonce;
    private boolean closed;

    /** @param whole true to keep the table, false to count only */
    SimulatedNode(int index, String name, Fleet<Q> fleet, Channel channel, boolean whole) {
        this.index = index;
        this.name = name;
        this.fleet = fleet;
        this.channel = channel;
        this.whole = whole;
    }

    /** Opens a stream; the acknowledged version is what it resumes from. */
    void open() {
        Stream stream = new Stream();
        synchronized (this) {
            if (closed) {
                return;
            }
            withinSnapshot = false;
            stream.opened = ClientCalls.asyncBidiStreamingCall(
                    channel.newCall(fleet.protocol().method(whole), CallOptions.DEFAULT), stream);
            requests = stream.opened;
            fleet.attempted();
            stream.opened.onNext(fleet.protocol().words().subscribe(name, version, epoch));
        }
    }

    synchronized long version() {
        return version;
    }

    synchronized Map<String, String> table() {
        return Map.copyOf(table);
    }

    /** From now on nothing is acknowledged; what comes in is taken. */
    synchronized void pause() {
        paused = true;
    }

    /** Acknowledges what has come in meanwhile. */
    synchronized void resume() {
        paused = false;
        if (requests != null && lastNonce > 0) {
            requests.onNext(fleet.protocol().words().acknowledge(lastNonce, version));
        }
    }

    void close() {
        StreamObserver<Q> ending;
        synchronized (this) {
            closed = true;
            ending = requests;
            requests = null;
        }
        if (ending != null) {
            ending.onError(Status.CANCELLED.asRuntimeException());
        }
    }

    private void receive(StreamObserver<Q> on, Reply reply) {
        synchronized (this) {
            if (on != requests) {
                return;
            }
            take(reply);
            if (!reply.inSync()) {
                return;
            }
            check(reply);
            version = reply.version();
            epoch = reply.epoch();
            withinSnapshot = false;
            lastNonce = reply.nonce();
            backoff.reset();
            if (!paused) {
                on.onNext(fleet.protocol().words().acknowledge(reply.nonce(), version));
            }
        }
        fleet.received(index, reply);
    }

    private void take(Reply reply) {
        if (reply.snapshot() && !withinSnapshot) {
            withinSnapshot = true;
            counted = 0;
            table.clear();
        }
        counted += reply.upserts();
        if (whole) {
            try {
                fleet.protocol().words().apply(reply.body(), table);
            } catch (InvalidProtocolBufferException e) {
                fleet.wrong(name + ": " + e);
            }
        }
    }

    private void check(Reply reply) {
        boolean known = reply.entries() >= 0 && (whole || reply.snapshot());
        long has = whole ? table.size() : counted;
        if (known && has != reply.entries()) {
            fleet.wrong(name + ": " + has + " entries at version " + reply.version() + " (expected: " + reply.entries()
                    + ")");
        }
        if (reply.version() < version && reply.epoch().equals(epoch)) {
            fleet.wrong(name + ": version " + reply.version() + " after " + version + " (expected: growing)");
        }
    }

    private void ended(@Nullable StreamObserver<Q> which) {
        Duration pause;
        synchronized (this) {
            if (closed || which == null || which != requests) {
                return;
            }
            requests = null;
            lastNonce = 0;
            pause = backoff.next();
        }
        fleet.later(pause, this::open);
    }

    private final class Stream implements StreamObserver<Reply> {
        // owned by: the call; null until it is open
        private volatile @Nullable StreamObserver<Q> opened;

        @Override
        public void onNext(Reply reply) {
            StreamObserver<Q> on = opened;
            if (on != null) {
                receive(on, reply);
            }
        }

        @Override
        public void onError(Throwable cause) {
            // not within the call that opens it: then it is not known yet which one has ended
            fleet.later(Duration.ZERO, () -> ended(opened));
        }

        @Override
        public void onCompleted() {
            fleet.later(Duration.ZERO, () -> ended(opened));
        }
    }
}
