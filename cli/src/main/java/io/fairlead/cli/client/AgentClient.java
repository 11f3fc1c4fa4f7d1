package io.fairlead.cli.client;

import io.fairlead.cli.output.Answer;
import io.fairlead.proto.agent.v1.AgentServiceGrpc;
import io.fairlead.proto.agent.v1.GetStatusRequest;
import io.fairlead.proto.agent.v1.GetVersionRequest;
import io.fairlead.proto.agent.v1.ListBpfEndpointsRequest;
import io.fairlead.proto.agent.v1.ListBpfIpcacheRequest;
import io.fairlead.proto.agent.v1.ListBpfMetricsRequest;
import io.fairlead.proto.agent.v1.ListEndpointsRequest;
import io.fairlead.proto.agent.v1.ListIdentitiesRequest;
import io.fairlead.proto.agent.v1.ListNodesRequest;
import io.fairlead.proto.agent.v1.ListRoutesRequest;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A connection to the agent of this node. Calls block until the answer is there or the time is over.
 *
 * <p>Every call throws {@link AgentException} when there is no answer.
 */
public final class AgentClient implements AutoCloseable {
    // An ipcache of half a million entries is about 20 MB; gRPC's default of 4 MB would refuse it.
    private static final int MAX_ANSWER_BYTES = 256 << 20;

    private final Path socket;
    private final Duration timeout;
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ManagedChannel channel;

    /**
     * Connects with the first call.
     *
     * @param socket path of the agent's unix socket
     * @param timeout for each call, connecting included
     */
    public AgentClient(Path socket, Duration timeout) {
        this.socket = socket;
        this.timeout = timeout;
        channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .overrideAuthority("localhost")
                .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .directExecutor()
                .disableRetry()
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(MAX_ANSWER_BYTES)
                .usePlaintext()
                .build();
    }

    /** How the node is. */
    public Answer status() {
        return call(stub -> new StatusAnswer(stub.getStatus(GetStatusRequest.getDefaultInstance()), Clock.systemUTC()));
    }

    /** The pods of this node. */
    public Answer endpoints() {
        return call(stub -> new EndpointsAnswer(stub.listEndpoints(ListEndpointsRequest.getDefaultInstance())));
    }

    /** The security identities this node knows. */
    public Answer identities() {
        return call(stub -> new IdentitiesAnswer(stub.listIdentities(ListIdentitiesRequest.getDefaultInstance())));
    }

    /** The nodes of the cluster. */
    public Answer nodes() {
        return call(stub -> new NodesAnswer(stub.listNodes(ListNodesRequest.getDefaultInstance())));
    }

    /** The pod-CIDR routes and the nodes that have them. */
    public Answer routes() {
        return call(stub -> new RoutesAnswer(stub.listRoutes(ListRoutesRequest.getDefaultInstance())));
    }

    /** The kernel's map of local endpoints. */
    public Answer bpfEndpoints() {
        return call(
                stub -> new BpfEndpointsAnswer(stub.listBpfEndpoints(ListBpfEndpointsRequest.getDefaultInstance())));
    }

    /** The kernel's map of prefixes to identities. */
    public Answer bpfIpcache() {
        return call(stub -> new BpfIpcacheAnswer(stub.listBpfIpcache(ListBpfIpcacheRequest.getDefaultInstance())));
    }

    /** The kernel's counters of packets forwarded and dropped. */
    public Answer bpfMetrics() {
        return call(stub -> new BpfMetricsAnswer(stub.listBpfMetrics(ListBpfMetricsRequest.getDefaultInstance())));
    }

    /**
     * The versions of both ends.
     *
     * @param clientVersion this command's
     */
    public Answer version(String clientVersion) {
        return call(stub -> new VersionAnswer(clientVersion, stub.getVersion(GetVersionRequest.getDefaultInstance())));
    }

    /** For streams: no deadline is set. */
    public AgentServiceGrpc.AgentServiceStub stream() {
        return AgentServiceGrpc.newStub(channel);
    }

    /** Everything the agent tells from now on; ends with the client. */
    public MonitorStream monitor(MonitorStream.Query query) {
        return new MonitorStream(stream(), query, "the agent at " + socket, timeout);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        // The loop ends by itself; a command that exits has nothing to wait for.
        var unused = eventLoop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    /**
     * One question.
     *
     * @param rpc makes the call; its deadline is set
     */
    public <T> T call(Function<AgentServiceGrpc.AgentServiceBlockingStub, T> rpc) {
        try {
            return rpc.apply(AgentServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            throw Failures.explain(e, "the agent at " + socket, timeout, "Is the agent running?");
        }
    }
}
