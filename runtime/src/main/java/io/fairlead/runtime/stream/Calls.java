package io.fairlead.runtime.stream;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Streams behind gRPC calls: what comes in on an event loop is read there and handed to the owner. */
final class Calls {
    private Calls() {}

    static <Q> ServerCalls.BidiStreamingMethod<Q, Frame> method(
            TableStreams<?, ?> streams, Consumer<Runnable> owner, Function<? super Q, FromNode> reader) {
        Batches batches = new Batches(owner);
        return responses -> {
            ServerCallStreamObserver<Frame> call = (ServerCallStreamObserver<Frame>) responses;
            TableStream<?, ?> stream = streams.open(new CallSink(call));
            call.setOnReadyHandler(() -> batches.add(stream::pump));
            call.setOnCancelHandler(() -> batches.add(stream::ended));
            return new Requests<>(stream, batches::add, reader);
        };
    }

    /**
     * Hands over in one go what thousands of nodes say at once; a batch has an end, so that rounds come in between. Keeps the
     * order of each thread.
     */
    private static final class Batches {
        private static final int MOST = 256;
        private static final Logger LOGGER = LoggerFactory.getLogger(Calls.class);

        private final Consumer<Runnable> owner;
        private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean scheduled = new AtomicBoolean();

        Batches(Consumer<Runnable> owner) {
            this.owner = owner;
        }

        void add(Runnable action) {
            waiting.add(action);
            schedule();
        }

        private void schedule() {
            if (!waiting.isEmpty() && scheduled.compareAndSet(false, true)) {
                owner.accept(this::run);
            }
        }

        private void run() {
            Runnable action = waiting.poll();
            for (int i = 1; action != null; i++) {
                try {
                    action.run();
                } catch (RuntimeException e) {
                    // what one node says must not keep others from being heard
                    LOGGER.atError().setCause(e).log("a message of a node was not taken in");
                }
                action = i < MOST ? waiting.poll() : null;
            }
            scheduled.set(false);
            schedule();
        }
    }

    private record CallSink(ServerCallStreamObserver<Frame> call) implements TableStream.Sink {
        @Override
        public boolean isReady() {
            return call.isReady() && !call.isCancelled();
        }

        @Override
        public void send(Frame frame) {
            call.onNext(frame);
        }

        @Override
        public void close(Status status) {
            if (call.isCancelled()) {
                return;
            }
            if (status.isOk()) {
                call.onCompleted();
            } else {
                call.onError(status.asRuntimeException());
            }
        }
    }

    private record Requests<Q>(TableStream<?, ?> stream, Consumer<Runnable> owner, Function<? super Q, FromNode> reader)
            implements StreamObserver<Q> {
        @Override
        public void onNext(Q request) {
            try {
                FromNode message = reader.apply(request);
                owner.accept(() -> stream.receive(message));
            } catch (IllegalArgumentException e) {
                owner.accept(() -> stream.close(Status.INVALID_ARGUMENT.withDescription(e.getMessage())));
            }
        }

        @Override
        public void onError(Throwable cause) {
            owner.accept(stream::ended);
        }

        @Override
        public void onCompleted() {
            owner.accept(() -> stream.close(Status.OK));
        }
    }
}
