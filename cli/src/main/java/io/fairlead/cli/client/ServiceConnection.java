package io.fairlead.cli.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A connection to one of a service's replicas: the first that answers, found with the first call. */
public final class ServiceConnection implements AutoCloseable {
    /** gRPC's own limit, enough for answers that do not grow with the cluster. */
    static final int ANSWER_BYTES = 4 << 20;

    /** How long a replica may take to answer before the next is tried. */
    private static final Duration PATIENCE = Duration.ofMillis(700);

    private final String service;
    private final List<InetSocketAddress> replicas;
    private final int answerBytes;
    private final ServiceTls tls;
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private @Nullable ManagedChannel channel; // owned by: the command's thread

    /**
     * @param service its name, such as "identity-service"
     * @param replicas where it listens, at least one; tried in this order
     * @param tls how to connect
     * @param answerBytes largest answer that is taken
     */
    public ServiceConnection(String service, List<InetSocketAddress> replicas, ServiceTls tls, int answerBytes) {
        this.service = service;
        this.replicas = List.copyOf(replicas);
        this.answerBytes = answerBytes;
        this.tls = tls;
    }

    /** Blocks while a replica that does not answer is followed by others. */
    public ManagedChannel channel() {
        ManagedChannel open = channel;
        if (open == null) {
            open = connect();
            channel = open;
        }
        return open;
    }

    private ManagedChannel connect() {
        for (InetSocketAddress replica : replicas.subList(0, replicas.size() - 1)) {
            ManagedChannel attempt = to(replica);
            if (answers(attempt)) {
                return attempt;
            }
            attempt.shutdownNow();
        }
        return to(replicas.get(replicas.size() - 1));
    }

    private ManagedChannel to(InetSocketAddress replica) {
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(replica)
                .channelType(NioSocketChannel.class, InetSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .directExecutor()
                .disableRetry()
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(answerBytes);
        tls.secure(builder);
        return builder.build();
    }

    /** A channel is ready once the other side has spoken, so one that only accepts connections is not. */
    private static boolean answers(ManagedChannel channel) {
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        follow(channel, ready);
        try {
            return ready.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void follow(ManagedChannel channel, CompletableFuture<Boolean> ready) {
        ConnectivityState state = channel.getState(true);
        switch (state) {
            case READY -> ready.complete(true);
            case TRANSIENT_FAILURE, SHUTDOWN -> ready.complete(false);
            case IDLE, CONNECTING -> channel.notifyWhenStateChanged(state, () -> follow(channel, ready));
        }
    }

    /**
     * Why a call had no answer, or was refused.
     *
     * @param timeout of the call
     */
    public AgentException explain(StatusRuntimeException failure, Duration timeout) {
        String where = replicas.stream()
                .map(replica -> replica.getHostString() + ":" + replica.getPort())
                .collect(Collectors.joining(", "));
        return Failures.explain(failure, "the " + service + " at " + where, timeout, "Is the " + service + " running?");
    }

    @Override
    public void close() {
        ManagedChannel open = channel;
        if (open != null) {
            open.shutdownNow();
        }
        // The loop ends by itself; a command that exits has nothing to wait for.
        var unused = eventLoop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
}
