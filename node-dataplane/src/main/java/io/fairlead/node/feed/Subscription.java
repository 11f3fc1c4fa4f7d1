package io.fairlead.node.feed;

import io.fairlead.node.reconcile.Report;
import io.fairlead.node.status.Controller;
import io.fairlead.runtime.grpc.Statuses;
import io.fairlead.runtime.retry.Backoff;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream to a service that is opened again whenever it ends.
 *
 * @param <Q> what is sent
 * @param <R> what is received
 */
abstract class Subscription<Q, R> implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Subscription.class);

    private final Controller controller;
    private final ScheduledExecutorService executor;
    private final Backoff backoff;
    private @Nullable StreamObserver<Q> requests; // owned by: executor
    private long generation; // owned by: executor
    private boolean closed; // owned by: executor

    /**
     * @param controller where outcomes are noted
     * @param executor one thread, which everything here runs on
     * @param backoff how long to wait before the stream is opened again
     */
    Subscription(Controller controller, ScheduledExecutorService executor, Backoff backoff) {
        this.controller = controller;
        this.executor = executor;
        this.backoff = backoff;
    }

    final void start() {
        executor.execute(this::connect);
    }

    @Override
    public final void close() {
        executor.execute(() -> {
            closed = true;
            generation++;
            if (requests != null) {
                requests.onCompleted();
            }
        });
    }

    /** Sends a message on the open stream, if one is open. Called on the executor. */
    final void send(Q message) {
        StreamObserver<Q> open = requests;
        if (open != null) {
            try {
                open.onNext(message);
            } catch (IllegalStateException e) {
                LOGGER.atDebug().addKeyValue("stream", controller.name()).log("stream ended while answering");
            }
        }
    }

    /** Runs something on the subscription's thread. */
    final void later(Runnable task) {
        executor.execute(task);
    }

    /**
     * Waits until the kernel holds what a response said, and tries again when the round failed altogether.
     *
     * @param round starts a round of the reconciler
     * @param done runs on the subscription's thread, unless another stream was opened meanwhile
     */
    final void whenInKernel(Supplier<CompletableFuture<Report>> round, Consumer<Report> done) {
        long mine = generation;
        var unused = round.get()
                .whenComplete((report, error) -> executor.execute(() -> {
                    if (mine != generation || closed) {
                        return;
                    }
                    if (error == null) {
                        done.accept(report);
                    } else {
                        controller.failed(String.valueOf(error.getMessage()));
                        var unusedToo = executor.schedule(() -> whenInKernel(round, done), 1, TimeUnit.SECONDS);
                    }
                }));
    }

    /** Opens the stream. */
    abstract StreamObserver<Q> open(StreamObserver<R> responses);

    /** The first message of a stream. */
    abstract Q greeting();

    /** Takes a response in. Called on the executor. */
    abstract void receive(R response);

    /** Something was lost: the next greeting asks for everything. Called on the executor. */
    abstract void startOver();

    private void connect() {
        if (closed) {
            return;
        }
        long mine = ++generation;
        try {
            requests = open(new StreamObserver<>() {
                @Override
                public void onNext(R response) {
                    executor.execute(() -> onResponse(mine, response));
                }

                @Override
                public void onError(Throwable cause) {
                    executor.execute(() -> onEnd(mine, Statuses.text(cause)));
                }

                @Override
                public void onCompleted() {
                    executor.execute(() -> onEnd(mine, "the service ended the stream"));
                }
            });
            send(greeting());
        } catch (RuntimeException e) {
            onEnd(mine, String.valueOf(e.getMessage()));
        }
    }

    private void onResponse(long from, R response) {
        if (from != generation) {
            return;
        }
        try {
            receive(response);
            backoff.reset();
            controller.succeeded();
        } catch (RuntimeException e) {
            // what was in it is missing from now on, so nothing later on this stream can be trusted
            LOGGER.atError()
                    .setCause(e)
                    .addKeyValue("stream", controller.name())
                    .log("response could not be taken in; asking for everything anew");
            startOver();
            StreamObserver<Q> open = requests;
            onEnd(from, "response could not be taken in: " + e.getMessage());
            if (open != null) {
                open.onError(Status.CANCELLED
                        .withDescription("response could not be taken in")
                        .asRuntimeException());
            }
        }
    }

    private void onEnd(long from, String reason) {
        if (from != generation || closed) {
            return;
        }
        generation++;
        requests = null;
        controller.failed(reason);
        var unused = executor.schedule(this::connect, backoff.next().toMillis(), TimeUnit.MILLISECONDS);
    }
}
