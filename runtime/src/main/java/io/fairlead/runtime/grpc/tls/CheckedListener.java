package io.fairlead.runtime.grpc.tls;

import io.grpc.ServerCall;
import io.grpc.Status;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Hands messages on once they are found to be allowed, in their order; what comes while a check takes its time waits.
 *
 * <p>Calls of the handler are made one after the other, by the transport's thread or the one that ends a check.
 */
final class CheckedListener<Q> extends ServerCall.Listener<Q> {
    private final ServerCall.Listener<Q> handler;
    private final Function<Q, Future<Optional<String>>> check;
    private final Consumer<Status> end;
    private final Function<String, Status> denied;
    // owned by: the monitor of this, as all below
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean checking;
    private boolean refused;

    /**
     * Before a handler.
     *
     * @param check what is against a message
     * @param end ends the call
     * @param denied the status for what is against it
     */
    CheckedListener(
            ServerCall.Listener<Q> handler,
            Function<Q, Future<Optional<String>>> check,
            Consumer<Status> end,
            Function<String, Status> denied) {
        this.handler = handler;
        this.check = check;
        this.end = end;
        this.denied = denied;
    }

    @Override
    public void onMessage(Q message) {
        take(() -> look(message));
    }

    @Override
    public void onHalfClose() {
        take(handler::onHalfClose);
    }

    @Override
    public void onReady() {
        take(handler::onReady);
    }

    /** At once: a check that hangs must not keep a handler from knowing that its caller is gone. */
    @Override
    public synchronized void onCancel() {
        finish(handler::onCancel);
    }

    @Override
    public synchronized void onComplete() {
        // refused: for the handler, who did not end the call, it is a cancelled one
        finish(refused ? handler::onCancel : handler::onComplete);
    }

    private void finish(Runnable last) {
        refused = true;
        waiting.clear();
        last.run();
    }

    private synchronized void take(Runnable event) {
        if (!refused) {
            waiting.add(event);
            goOn();
        }
    }

    private void goOn() {
        while (!checking && !waiting.isEmpty()) {
            waiting.remove().run();
        }
    }

    private void look(Q message) {
        checking = true;
        Future<Optional<String>> decision;
        try {
            decision = check.apply(message);
        } catch (IllegalArgumentException e) {
            decided(message, Optional.of(Status.INVALID_ARGUMENT.withDescription(e.getMessage())));
            return;
        }
        decision.onComplete(
                against -> decided(message, against.map(denied)),
                cause -> decided(
                        message,
                        Optional.of(Status.UNAVAILABLE.withDescription(
                                "whether this is allowed is not known now: " + cause.getMessage()))));
    }

    private synchronized void decided(Q message, Optional<Status> against) {
        checking = false;
        if (refused) {
            return;
        }
        if (against.isPresent()) {
            refused = true;
            waiting.clear();
            end.accept(against.get());
            return;
        }
        handler.onMessage(message);
        goOn();
    }
}
