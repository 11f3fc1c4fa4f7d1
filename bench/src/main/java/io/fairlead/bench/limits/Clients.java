package io.fairlead.bench.limits;

import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.Channels;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Calls of a service, spread over some connections in turn. */
final class Clients implements AutoCloseable {
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();

    Clients(int port, int connections) {
        for (int i = 0; i < connections; i++) {
            channels.add(Channels.tcp(new HostPort("127.0.0.1", port), Duration.ofSeconds(20)));
        }
    }

    <Q, R> Future<R> call(MethodDescriptor<Q, R> method, Q request) {
        Promise<R> promise = Promise.promise();
        ManagedChannel channel = channels.get(Math.floorMod(turn.getAndIncrement(), channels.size()));
        ClientCalls.asyncUnaryCall(channel.newCall(method, CallOptions.DEFAULT), request, new StreamObserver<R>() {
            @Override
            public void onNext(R value) {
                promise.tryComplete(value);
            }

            @Override
            public void onError(Throwable cause) {
                promise.tryFail(cause);
            }

            @Override
            public void onCompleted() {
                promise.tryFail("no answer");
            }
        });
        return promise.future();
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
