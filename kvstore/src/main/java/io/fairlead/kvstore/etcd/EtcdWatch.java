package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchProgressRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch and its supervision: lists, then follows one stream at a time from the revision after the last it has said.
 *
 * <p>Whatever ends a stream, the next begins after the watch's own revision, never after one a server named. A stream
 * is asked for a sign of life each deadline; one that is silent twice is given up.
 */
final class EtcdWatch implements Watch {
    private static final Logger LOGGER = LoggerFactory.getLogger(EtcdWatch.class);
    private static final Metadata REQUIRE_LEADER = requireLeader();

    private final EtcdConnection connection;
    private final Lister lister;
    private final Prefixes prefixes;
    private final WatchListener listener;
    private final Consumer<EtcdWatch> onClose;
    // owned by: the store's thread, as all below but closed
    private final WatchState state = new WatchState();
    private final Backoff backoff = new Backoff(50, 2000);
    private @Nullable Stream stream;
    private boolean disrupted;
    // owned by: the monitor of this, which also keeps close() and a call of the listener apart
    private boolean closed;

    EtcdWatch(
            EtcdConnection connection,
            Lister lister,
            Prefixes prefixes,
            WatchListener listener,
            Consumer<EtcdWatch> onClose) {
        this.connection = connection;
        this.lister = lister;
        this.prefixes = prefixes;
        this.listener = listener;
        this.onClose = onClose;
    }

    void start() {
        connection.run(this::list);
    }

    private void list() {
        if (isClosed()) {
            return;
        }
        lister.list(prefixes)
                .onComplete(
                        listing -> connection.run(() -> {
                            say(state.onListing(listing));
                            open();
                        }),
                        cause -> connection.run(() -> retry(Failures.of("watch " + prefixes, cause), this::list)));
    }

    private void open() {
        connection
                .channel()
                .onComplete(
                        channel -> connection.run(() -> open(channel)),
                        cause -> connection.run(() -> retry(Failures.of("watch " + prefixes, cause), this::open)));
    }

    private void open(Channel channel) {
        if (isClosed()) {
            return;
        }
        Stream opened = new Stream();
        stream = opened;
        WatchGrpc.newStub(channel)
                .withWaitForReady()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(REQUIRE_LEADER))
                .watch(opened);
        opened.create();
        watchOver(opened);
    }

    /** Asks for a sign of life; the answer's revision may run ahead of the events (etcd 15220), so it is not used. */
    private void watchOver(Stream watched) {
        connection.later(connection.options().deadline().toMillis(), () -> {
            if (stream != watched) {
                return;
            }
            if (watched.silentTicks++ >= 2) {
                broken(watched, "no sign of life", null);
            } else {
                watched.askForLife();
                watchOver(watched);
            }
        });
    }

    private void onResponse(Stream from, WatchResponse response) {
        if (stream != from) {
            return;
        }
        from.silentTicks = 0;
        if (response.getCanceled()) {
            if (response.getCompactRevision() > 0) {
                LOGGER.atInfo()
                        .addKeyValue("prefix", prefixes)
                        .addKeyValue("seen", state.seen())
                        .addKeyValue("compacted", response.getCompactRevision())
                        .log("watch fell behind a compaction, listing again");
                end(from);
                list();
            } else {
                // a token that etcd no longer knows is a missing permission, too
                connection.heard(Status.PERMISSION_DENIED.asRuntimeException());
                broken(from, "cancelled by the server: " + response.getCancelReason(), null);
            }
        } else if (response.getCreated() && response.getHeader().getRevision() < state.seen()) {
            // a member that lags, or data that was replaced: only a linearizable listing can tell
            end(from);
            list();
        } else {
            if (disrupted) {
                disrupted = false;
                LOGGER.atInfo()
                        .addKeyValue("prefix", prefixes)
                        .addKeyValue("seen", state.seen())
                        .log("watch goes on");
            }
            backoff.reset();
            say(state.onEvents(response.getEventsList(), prefixes::hold));
        }
    }

    private void broken(Stream from, String why, @Nullable Throwable cause) {
        if (stream == from) {
            end(from);
            KvException failure = cause == null
                    ? new KvException(FailureKind.RETRY, "watch " + prefixes + ": " + why, null)
                    : Failures.of("watch " + prefixes, cause);
            retry(failure, this::open);
        }
    }

    private void end(Stream ended) {
        stream = null;
        ended.cancel();
    }

    private void retry(KvException cause, Runnable next) {
        if (!disrupted) {
            disrupted = true;
            LOGGER.atWarn()
                    .addKeyValue("prefix", prefixes)
                    .addKeyValue("seen", state.seen())
                    .addKeyValue("cause", cause.getMessage())
                    .log("watch disrupted");
            guarded(() -> listener.onDisrupted(cause));
        }
        connection.later(backoff.nextMillis(), next);
    }

    private void say(List<WatchEvent> events) {
        if (!events.isEmpty()) {
            guarded(() -> listener.onEvents(Collections.unmodifiableList(events)));
        }
    }

    /** A listener that throws harms neither this watch nor the store. */
    private synchronized void guarded(Runnable call) {
        if (closed) {
            return;
        }
        try {
            call.run();
        } catch (RuntimeException e) {
            LOGGER.atError().addKeyValue("prefix", prefixes).setCause(e).log("a watch listener failed");
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        onClose.accept(this);
        connection.run(() -> {
            if (stream != null) {
                end(stream);
            }
        });
    }

    private static Metadata requireLeader() {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER), "true");
        return headers;
    }

    /** One stream to a server; what it says counts only while it is the watch's current one. */
    private final class Stream implements ClientResponseObserver<WatchRequest, WatchResponse> {
        private @Nullable ClientCallStreamObserver<WatchRequest> requests;
        private int silentTicks;

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchRequest> requests) {
            this.requests = requests;
        }

        void create() {
            send(WatchRequest.newBuilder()
                    .setCreateRequest(WatchCreateRequest.newBuilder()
                            .setKey(prefixes.first())
                            .setRangeEnd(prefixes.end())
                            .setStartRevision(state.seen() + 1))
                    .build());
        }

        void askForLife() {
            send(WatchRequest.newBuilder()
                    .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                    .build());
        }

        void cancel() {
            if (requests != null) {
                requests.cancel("the watch goes on elsewhere or was closed", null);
            }
        }

        private void send(WatchRequest request) {
            if (requests != null) {
                requests.onNext(request);
            }
        }

        @Override
        public void onNext(WatchResponse response) {
            // a channel's calls are heard on the loop: what is news waits for nothing there
            connection.runHere(() -> onResponse(this, response));
        }

        @Override
        public void onError(Throwable cause) {
            connection.run(() -> {
                connection.heard(cause);
                broken(this, "failed", cause);
            });
        }

        @Override
        public void onCompleted() {
            connection.run(() -> broken(this, "ended by the server", null));
        }
    }
}
