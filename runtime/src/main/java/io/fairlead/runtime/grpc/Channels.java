package io.fairlead.runtime.grpc;

import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.grpc.tls.Peer;
import io.fairlead.runtime.grpc.tls.Tls;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NegotiationType;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Channels to gRPC servers: a dead peer is noticed within 15 seconds, calls fail at once while there is none, and every
 * call with one answer has a deadline. Callbacks run on the event loop and must not block.
 */
public final class Channels {
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    private Channels() {}

    /**
     * A channel to a TCP address; it connects when first used.
     *
     * @param deadline for calls with one answer that bring none of their own
     */
    public static ManagedChannel tcp(HostPort address, Duration deadline) {
        return tcp(address, deadline, Optional.empty());
    }

    /**
     * The same.
     *
     * @param tls whom to expect and what to show; empty for a plain connection
     */
    public static ManagedChannel tcp(HostPort address, Duration deadline, Optional<SslContext> tls) {
        return reconnecting(
                secured(settings(NettyChannelBuilder.forAddress(address.host(), address.port()), deadline), tls)
                        .keepAliveTime(10, TimeUnit.SECONDS)
                        .keepAliveTimeout(5, TimeUnit.SECONDS)
                        .keepAliveWithoutCalls(true)
                        .build(),
                PATIENCE);
    }

    /**
     * A channel to one of several replicas of a service; it connects when first used.
     *
     * @param addresses at least one
     * @param spreadBy who asks, such as a node's name; empty to take the replicas as they stand
     * @param deadline for calls with one answer that bring none of their own
     */
    public static ReplicaChannel replicas(List<HostPort> addresses, String spreadBy, Duration deadline) {
        return replicas(addresses, spreadBy, deadline, Optional.empty());
    }

    /**
     * The same.
     *
     * @param tls what to show, each replica having to show a service's certificate; empty for plain connections
     */
    public static ReplicaChannel replicas(
            List<HostPort> addresses, String spreadBy, Duration deadline, Optional<Tls> tls) {
        Optional<SslContext> context = tls.map(own -> own.client(Peer.service(addresses)));
        return new ReplicaChannel(
                addresses, spreadBy, ReplicaChannel.Patience.of(deadline), address -> tcp(address, deadline, context));
    }

    /**
     * Keeps the pause between attempts to connect short. After a long outage gRPC alone waits up to two minutes, and all
     * calls meanwhile fail although the server is back.
     *
     * @param patience longest pause; half of it is the shortest, so that a fleet does not come back at one instant
     */
    static ManagedChannel reconnecting(ManagedChannel channel, Duration patience) {
        ConnectivityState state = channel.getState(false);
        if (state == ConnectivityState.TRANSIENT_FAILURE) {
            long most = patience.toMillis();
            long pause = ThreadLocalRandom.current().nextLong(most / 2, most + 1);
            // The state does not change while attempts fail, so nobody would call back.
            CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS).execute(() -> {
                channel.resetConnectBackoff();
                reconnecting(channel, patience);
            });
        } else if (state != ConnectivityState.SHUTDOWN) {
            channel.notifyWhenStateChanged(state, () -> reconnecting(channel, patience));
        }
        return channel;
    }

    /** A channel to a unix socket; it connects when first used. Its event loop ends after the channel has. */
    public static ManagedChannel unix(Path path, Duration deadline) {
        EventLoopGroup loops = Loops.start();
        ManagedChannel channel = settings(NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(path)), deadline)
                .overrideAuthority("localhost")
                .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                .eventLoopGroup(loops)
                .build();
        return new OwningChannel(channel, loops);
    }

    private static NettyChannelBuilder secured(NettyChannelBuilder builder, Optional<SslContext> tls) {
        return tls.map(context -> builder.negotiationType(NegotiationType.TLS).sslContext(context))
                .orElse(builder);
    }

    private static NettyChannelBuilder settings(NettyChannelBuilder builder, Duration deadline) {
        return builder.usePlaintext()
                .directExecutor()
                .disableRetry()
                .maxInboundMessageSize(16 << 20)
                .intercept(new Deadline(deadline));
    }

    /** Gives calls with one answer a deadline; streams live as long as they live. */
    private record Deadline(Duration limit) implements ClientInterceptor {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            boolean needed = method.getType() == MethodDescriptor.MethodType.UNARY && options.getDeadline() == null;
            CallOptions withDeadline =
                    needed ? options.withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS) : options;
            return next.newCall(method, withDeadline);
        }
    }
}
