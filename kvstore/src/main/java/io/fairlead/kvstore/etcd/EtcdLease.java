package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.fairlead.kvstore.Lease;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lease and its renewal, each third of its time by a stream of its own: nothing to resume, nothing that dies.
 *
 * <p>Only the server's word makes it lost: one that comes back gives leases their full time again.
 */
final class EtcdLease implements Lease {
    private static final Logger LOGGER = LoggerFactory.getLogger(EtcdLease.class);

    private final EtcdConnection connection;
    private final long id;
    private final long ttlMillis;
    private final Promise<Void> lost = Promise.promise();
    // owned by: the store's thread, as all below
    private final Backoff backoff = new Backoff(50, 1000);
    private boolean ended;

    EtcdLease(EtcdConnection connection, long id, long ttlSeconds) {
        this.connection = connection;
        this.id = id;
        this.ttlMillis = TimeUnit.SECONDS.toMillis(ttlSeconds);
    }

    void start() {
        connection.later(ttlMillis / 3, this::renew);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public Future<Void> lost() {
        return lost.future();
    }

    @Override
    public Future<Void> revoke() {
        connection.run(() -> ended = true);
        LeaseRevokeRequest request = LeaseRevokeRequest.newBuilder().setID(id).build();
        return connection
                .unary("revoke lease " + id, LeaseGrpc.getLeaseRevokeMethod(), request)
                .<Void>mapEmpty()
                .recover(cause -> cause.getCause() != null && Failures.isNotFound(cause.getCause())
                        ? Future.succeededFuture()
                        : Future.failedFuture(cause))
                .onSuccess(done -> lost.tryComplete())
                // no longer renewed, so it runs out by itself
                .onFailure(cause -> connection.later(ttlMillis, lost::tryComplete));
    }

    private void renew() {
        if (ended) {
            return;
        }
        connection
                .channel()
                .onComplete(this::renew, cause -> connection.run(() -> failed(String.valueOf(cause.getMessage()))));
    }

    private void renew(Channel channel) {
        StreamObserver<LeaseKeepAliveRequest> requests = LeaseGrpc.newStub(channel)
                .withWaitForReady()
                .withDeadlineAfter(connection.options().deadline().toNanos(), TimeUnit.NANOSECONDS)
                .leaseKeepAlive(new Renewal());
        requests.onNext(LeaseKeepAliveRequest.newBuilder().setID(id).build());
        requests.onCompleted();
    }

    private void renewed(LeaseKeepAliveResponse answer) {
        if (ended) {
            return;
        }
        if (answer.getTTL() > 0) {
            backoff.reset();
            connection.later(ttlMillis / 3, this::renew);
        } else {
            ended = true;
            LOGGER.atWarn().addKeyValue("lease", id).log("lease lost");
            lost.tryComplete();
        }
    }

    private void failed(String cause) {
        LOGGER.atInfo().addKeyValue("lease", id).addKeyValue("cause", cause).log("lease renewal failed, trying again");
        connection.later(backoff.nextMillis(), this::renew);
    }

    /** The answer to one renewal. */
    private final class Renewal implements StreamObserver<LeaseKeepAliveResponse> {
        private @Nullable LeaseKeepAliveResponse answer;

        @Override
        public void onNext(LeaseKeepAliveResponse response) {
            answer = response;
        }

        @Override
        public void onError(Throwable cause) {
            connection.run(() -> connection.heard(cause));
            finish(String.valueOf(cause.getMessage()));
        }

        @Override
        public void onCompleted() {
            finish("no answer");
        }

        private void finish(String otherwise) {
            LeaseKeepAliveResponse got = answer;
            connection.run(() -> {
                if (got != null) {
                    renewed(got);
                } else {
                    failed(otherwise);
                }
            });
        }
    }
}
