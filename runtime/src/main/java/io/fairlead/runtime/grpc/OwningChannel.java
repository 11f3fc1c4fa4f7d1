package io.fairlead.runtime.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.TimeUnit;

/** A channel with an event loop of its own, which ends with it. */
final class OwningChannel extends ManagedChannel {
    private final ManagedChannel channel;
    private final EventLoopGroup loops;

    OwningChannel(ManagedChannel channel, EventLoopGroup loops) {
        this.channel = channel;
        this.loops = loops;
    }

    @Override
    public ManagedChannel shutdown() {
        channel.shutdown();
        Loops.end(loops);
        return this;
    }

    @Override
    public ManagedChannel shutdownNow() {
        channel.shutdownNow();
        Loops.end(loops);
        return this;
    }

    @Override
    public boolean isShutdown() {
        return channel.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return channel.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return channel.awaitTermination(timeout, unit);
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
        return channel.newCall(method, options);
    }

    @Override
    public String authority() {
        return channel.authority();
    }
}
