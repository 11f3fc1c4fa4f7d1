package io.fairlead.soak.client;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One node's stream of one table: it is opened again on the next replica whenever it ends, from where it was.
 *
 * <p>All state is guarded by this object; callbacks come on the connection's event loop.
 *
 * @param <Q> what is sent
 * @param <R> what is received
 */
abstract class Feed<Q, R> {
    private static final int SHORTEST_PAUSE_MS = 50;
    private static final int LONGEST_PAUSE_MS = 400;

    private final Replicas replicas;
    private final ScheduledExecutorService clock;
    private final int node;
    private int replica;
    private int pauseMs = SHORTEST_PAUSE_MS;
    private long generation;
    private boolean closed;
    private @Nullable StreamObserver<Q> requests;
    // Where the table is: version and epoch of the last response that was complete.
    private long version;
    private String epoch = "";
    private boolean synced;
    private long snapshots;
    private long responses;

    Feed(Replicas replicas, ScheduledExecutorService clock, int node) {
        this.replicas = replicas;
        this.clock = clock;
        this.node = node;
        this.replica = node;
    }

    /** What is read of a response by all tables. */
    record Head(long nonce, long version, String epoch, boolean snapshot, boolean inSync) {}

    abstract StreamObserver<Q> open(Channel channel, StreamObserver<R> observer);

    abstract Q subscribe(long resumeVersion, String resumeEpoch);

    abstract Q acknowledge(long nonce, long version);

    abstract Head head(R response);

    /** A stream begins: parts of what was cut off are forgotten. */
    abstract void restart();

    /** Takes a part in; what it leads to counts once {@code complete}. */
    abstract void apply(R response, boolean snapshot, boolean complete);

    final synchronized void start() {
        long mine = ++generation;
        restart();
        StreamObserver<R> observer = new StreamObserver<>() {
            @Override
            public void onNext(R response) {
                received(mine, response);
            }

            @Override
            public void onError(Throwable cause) {
                ended(mine);
            }

            @Override
            public void onCompleted() {
                ended(mine);
            }
        };
        try {
            requests = open(replicas.channel(replica, node), observer);
            requests.onNext(subscribe(version, epoch));
        } catch (IllegalStateException e) {
            // the call ended while it was greeted; ended() may not have been called
            ended(mine);
        }
    }

    private synchronized void received(long from, R response) {
        StreamObserver<Q> open = requests;
        if (from != generation || open == null) {
            return;
        }
        Head head = head(response);
        apply(response, head.snapshot(), head.inSync());
        responses++;
        pauseMs = SHORTEST_PAUSE_MS;
        if (head.inSync()) {
            version = head.version();
            epoch = head.epoch();
            synced = true;
            snapshots += head.snapshot() ? 1 : 0;
        }
        try {
            open.onNext(acknowledge(head.nonce(), head.version()));
        } catch (IllegalStateException e) {
            ended(from);
        }
    }

    private synchronized void ended(long from) {
        if (from != generation || closed) {
            return;
        }
        generation++;
        requests = null;
        replica = replicas.after(replica, node);
        int pause = ThreadLocalRandom.current().nextInt(pauseMs / 2, pauseMs + 1);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
        long mine = generation;
        var unused = clock.schedule(() -> again(mine), pause, TimeUnit.MILLISECONDS);
    }

    private synchronized void again(long mine) {
        if (mine == generation && !closed) {
            start();
        }
    }

    final synchronized void close() {
        closed = true;
        generation++;
        StreamObserver<Q> open = requests;
        if (open != null) {
            try {
                open.onCompleted();
            } catch (IllegalStateException e) {
                // it had ended by itself
                requests = null;
            }
        }
    }

    final synchronized FeedState state() {
        return new FeedState(version, epoch, synced, snapshots, responses);
    }
}
