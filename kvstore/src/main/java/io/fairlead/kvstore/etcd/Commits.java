package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * Sends transactions to etcd. Those that come while others are on their way go together in the next request, each as a
 * transaction of its own with its own conditions: etcd then writes its log once for all of them.
 *
 * <p>One alone is never held back, and nobody waits longer than {@value #PATIENCE_MILLIS} ms for the answer of others.
 */
final class Commits {
    /** Requests of ours on their way before others wait: the second fills the time in which etcd writes for the first. */
    private static final int ON_THE_WAY = 2;

    static final long PATIENCE_MILLIS = 10;

    private final EtcdConnection connection;
    // owned by: the store's thread, as all below
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private int onTheWay;
    private boolean scheduled;
    private boolean patient;

    Commits(EtcdConnection connection) {
        this.connection = connection;
    }

    /** Somebody's transaction; {@code since} as {@link System#nanoTime}. */
    private record Waiting(Txn txn, Promise<TxnResult> done, long since) {}

    /** Carries one out. Any thread may call. */
    Future<TxnResult> commit(Txn txn) {
        if (!connection.options().grouping() || !Group.takes(txn)) {
            return alone(txn, connection.options().deadline());
        }
        Waiting one = new Waiting(txn, Promise.promise(), System.nanoTime());
        if (!connection.run(() -> take(one))) {
            one.done.tryFail(EtcdConnection.isClosed("commit"));
        }
        return one.done.future();
    }

    /** Fails those that wait. */
    void close() {
        connection.run(() -> {
            waiting.forEach(one -> one.done.tryFail(EtcdConnection.isClosed("commit")));
            waiting.clear();
        });
    }

    private void take(Waiting one) {
        if (connection.isClosed()) {
            one.done.tryFail(EtcdConnection.isClosed("commit"));
            return;
        }
        waiting.add(one);
        if (onTheWay >= ON_THE_WAY) {
            hurry();
        } else if (!scheduled) {
            // behind what this thread has to do already: that may be more of them
            scheduled = true;
            connection.run(this::send);
        }
    }

    /** An answer that is long in coming, or never comes, holds up nobody else. */
    private void hurry() {
        if (!patient) {
            patient = true;
            connection.later(PATIENCE_MILLIS, () -> {
                patient = false;
                send();
            });
        }
    }

    private void send() {
        scheduled = false;
        while (!waiting.isEmpty()) {
            Group group = new Group();
            List<Waiting> members = new ArrayList<>();
            // in order, up to the first that meets one before it: none overtakes another that it has to do with
            while (!waiting.isEmpty() && group.add(waiting.element().txn)) {
                members.add(waiting.remove());
            }
            onTheWay++;
            together(members).onComplete(answered -> {
                onTheWay--;
                if (onTheWay < ON_THE_WAY) {
                    send();
                }
            });
        }
    }

    /** Completes, never fails, when all have an answer. */
    private Future<Void> together(List<Waiting> members) {
        Waiting oldest = members.get(0);
        Duration left = connection.options().deadline().minusNanos(System.nanoTime() - oldest.since);
        if (members.size() == 1) {
            return alone(oldest.txn, left)
                    .onComplete(oldest.done)
                    .<Void>mapEmpty()
                    .otherwiseEmpty();
        }
        return request(Wire.request(members.stream().map(Waiting::txn).toList()), left)
                .<Void>map(response -> {
                    List<TxnResult> results = Wire.results(response);
                    for (int i = 0; i < members.size(); i++) {
                        members.get(i).done.tryComplete(results.get(i));
                    }
                    return null;
                })
                .recover(cause -> refused(members, cause, left));
    }

    private Future<Void> refused(List<Waiting> members, Throwable cause, Duration left) {
        if (cause instanceof KvException known && known.kind() == FailureKind.RETRY) {
            members.forEach(one -> one.done.tryFail(cause));
            return Future.succeededFuture();
        }
        // etcd did nothing because of one of them: the others have nothing to do with it
        members.forEach(one -> alone(one.txn, left).onComplete(one.done));
        return Future.succeededFuture();
    }

    private Future<TxnResult> alone(Txn txn, Duration deadline) {
        return request(Wire.request(txn), deadline).map(Wire::result);
    }

    private Future<TxnResponse> request(TxnRequest request, Duration deadline) {
        return connection.unary("commit", KVGrpc.getTxnMethod(), request, deadline);
    }
}
