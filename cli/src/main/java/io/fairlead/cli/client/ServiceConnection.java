package io.fairlead.cli.client;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A connection to a service of the control plane; made with the first call. */
public final class ServiceConnection implements AutoCloseable {
    /** gRPC's own limit, enough for answers that do not grow with the cluster. */
    static final int ANSWER_BYTES = 4 << 20;

    private final String service;
    private final InetSocketAddress address;
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ManagedChannel channel;

    /**
     * @param service its name, such as "identity-service"
     * @param answerBytes largest answer that is taken
     */
    public ServiceConnection(String service, InetSocketAddress address, int answerBytes) {
        this.service = service;
        this.address = address;
        channel = NettyChannelBuilder.forAddress(address)
                .channelType(NioSocketChannel.class, InetSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .directExecutor()
                .disableRetry()
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(answerBytes)
                .usePlaintext()
                .build();
    }

    public ManagedChannel channel() {
        return channel;
    }

    /**
     * Why a call had no answer, or was refused.
     *
     * @param timeout of the call
     */
    public AgentException explain(StatusRuntimeException failure, Duration timeout) {
        return Failures.explain(
                failure,
                "the " + service + " at " + address.getHostString() + ":" + address.getPort(),
                timeout,
                "Is the " + service + " running?");
    }

    @Override
    public void close() {
        channel.shutdownNow();
        // The loop ends by itself; a command that exits has nothing to wait for.
        var unused = eventLoop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
}
