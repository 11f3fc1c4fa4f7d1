package io.fairlead.runtime.stream;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;
import java.util.function.Function;

/** Streams behind gRPC calls: what comes in on an event loop is read there and handed to the owner. */
final class Calls {
    private Calls() {}

    static <Q> ServerCalls.BidiStreamingMethod<Q, Frame> method(
            TableStreams<?, ?> streams, Consumer<Runnable> owner, Function<? super Q, FromNode> reader) {
        return responses -> {
            ServerCallStreamObserver<Frame> call = (ServerCallStreamObserver<Frame>) responses;
            TableStream<?, ?> stream = streams.open(new CallSink(call));
            call.setOnReadyHandler(() -> owner.accept(stream::pump));
            call.setOnCancelHandler(() -> owner.accept(stream::ended));
            return new Requests<>(stream, owner, reader);
        };
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
