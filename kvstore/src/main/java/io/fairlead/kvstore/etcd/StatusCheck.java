package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.StoreStatus;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Asks each endpoint for its status and the cluster for a linearizable read, and words it as Cilium does. */
final class StatusCheck {
    /** Failures in a row from which the quorum counts as lost. */
    private static final int THRESHOLD = 2;

    /** Shorter than what others wait for the answer, so that they hear what is wrong. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final EtcdConnection connection;
    // owned by: the store's thread
    private int failuresInARow;

    StatusCheck(EtcdConnection connection) {
        this.connection = connection;
    }

    /** What one endpoint said. */
    record Answer(boolean connected, String text) {}

    Future<StoreStatus> status() {
        Promise<StoreStatus> promise = Promise.promise();
        Future<String> quorum = quorum();
        connection.run(() -> {
            List<Future<Answer>> answers = new ArrayList<>();
            connection.options().endpoints().forEach(endpoint -> answers.add(ask(endpoint)));
            Future.join(answers)
                    .compose(all -> quorum)
                    .onSuccess(error -> connection.run(() -> promise.tryComplete(
                            word(answers.stream().map(Future::result).toList(), error))))
                    .onFailure(cause -> promise.tryComplete(new StoreStatus(false, "Err: " + cause.getMessage())));
        });
        // a closed store runs nothing any more, but still answers
        quorum.onComplete(done -> {
            if (connection.isClosed()) {
                promise.tryComplete(new StoreStatus(false, "Err: the store is closed"));
            }
        });
        return promise.future();
    }

    /** Empty when a quorum answers, or what was wrong. */
    private Future<String> quorum() {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(Wire.bytes("quorum-check"))
                .setCountOnly(true)
                .build();
        return connection
                .unary("quorum check", KVGrpc.getRangeMethod(), request, patience())
                .map("")
                // asked before it is looked at who asks: what says no is a quorum
                .recover(cause -> Future.succeededFuture(Failures.isDenied(cause) ? "" : text(cause)));
    }

    private Future<Answer> ask(String endpoint) {
        return connection
                .unaryTo(
                        endpoint,
                        "status of " + endpoint,
                        MaintenanceGrpc.getStatusMethod(),
                        StatusRequest.getDefaultInstance(),
                        patience())
                .map(status -> new Answer(true, url(endpoint) + " - " + version(status)))
                .recover(cause -> Future.succeededFuture(new Answer(false, url(endpoint) + " - " + text(cause))));
    }

    private String url(String endpoint) {
        return connection.options().scheme() + endpoint;
    }

    private Duration patience() {
        Duration deadline = connection.options().deadline();
        return deadline.compareTo(PATIENCE) < 0 ? deadline : PATIENCE;
    }

    private static String version(StatusResponse status) {
        boolean leads = status.getHeader().getMemberId() == status.getLeader();
        return status.getVersion() + (leads ? " (Leader)" : "");
    }

    private StoreStatus word(List<Answer> answers, String quorumError) {
        failuresInARow = quorumError.isEmpty() ? 0 : failuresInARow + 1;
        return word(answers, quorumError, failuresInARow);
    }

    static StoreStatus word(List<Answer> answers, String quorumError, int failuresInARow) {
        long connected = answers.stream().filter(Answer::connected).count();
        if (connected == 0) {
            return new StoreStatus(false, "Err: not able to connect to any etcd endpoints");
        }
        if (failuresInARow >= THRESHOLD) {
            return new StoreStatus(
                    false, "Err: quorum check failed " + failuresInARow + " times in a row: " + quorumError);
        }
        String quorum = quorumError.isEmpty() ? "true" : quorumError + ", consecutive-errors=" + failuresInARow;
        String each = String.join("; ", answers.stream().map(Answer::text).toList());
        return new StoreStatus(
                quorumError.isEmpty(),
                "etcd: " + connected + "/" + answers.size() + " connected, has-quorum=" + quorum + ": " + each);
    }

    private static String text(Throwable cause) {
        return cause instanceof KvException known ? String.valueOf(known.getMessage()) : String.valueOf(cause);
    }
}
