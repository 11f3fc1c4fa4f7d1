package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.contract.NodeName;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
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

/** A connection to the ipam-service, for what is decided for the whole cluster. Calls block. */
public final class IpamClient implements AutoCloseable {
    private final String peer;
    private final Duration timeout;
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ManagedChannel channel;

    /**
     * Connects with the first call.
     *
     * @param address of the service
     * @param timeout for each call, connecting included
     */
    public IpamClient(InetSocketAddress address, Duration timeout) {
        this.peer = "the ipam-service at " + address.getHostString() + ":" + address.getPort();
        this.timeout = timeout;
        channel = NettyChannelBuilder.forAddress(address)
                .channelType(NioSocketChannel.class, InetSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .directExecutor()
                .disableRetry()
                .disableServiceConfigLookUp()
                .usePlaintext()
                .build();
    }

    /**
     * Removes a node from the cluster for good; its pod CIDRs become free.
     *
     * @throws AgentException when there is no answer or a refusal
     */
    public Answer release(NodeName node) {
        try {
            boolean released = IpamServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .releaseNode(ReleaseNodeRequest.newBuilder()
                            .setNodeName(node.value())
                            .build())
                    .getReleased();
            return new Released(node.value(), released);
        } catch (StatusRuntimeException e) {
            throw Failures.explain(e, peer, timeout, "Is the ipam-service running?");
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        // The loop ends by itself; a command that exits has nothing to wait for.
        var unused = eventLoop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    /** {@code node release}. */
    private record Released(String node, boolean released) implements Answer {
        @Override
        public String text(TextStyle style) {
            return node + (released ? ": released\n" : ": not known, nothing to release\n");
        }

        @Override
        public Object json() {
            return Json.object("node", node, "released", released);
        }
    }
}
