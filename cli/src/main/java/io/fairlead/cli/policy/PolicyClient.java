package io.fairlead.cli.policy;

import io.fairlead.cli.client.AgentException;
import io.fairlead.cli.client.Failures;
import io.fairlead.proto.policy.v1.ApplyPoliciesRequest;
import io.fairlead.proto.policy.v1.ApplyPoliciesResponse;
import io.fairlead.proto.policy.v1.DeletePoliciesRequest;
import io.fairlead.proto.policy.v1.DeletePoliciesResponse;
import io.fairlead.proto.policy.v1.GetPoliciesRequest;
import io.fairlead.proto.policy.v1.GetPoliciesResponse;
import io.fairlead.proto.policy.v1.PolicyName;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc;
import io.fairlead.proto.policy.v1.PolicyServiceGrpc.PolicyServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A connection to the identity service, for policies. Calls block; what is refused is an AgentException. */
final class PolicyClient implements AutoCloseable {
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final Set<Status.Code> MISTAKES = Set.of(Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND);

    private final String peer;
    private final Duration timeout;
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ManagedChannel channel;

    /**
     * Connects with the first call.
     *
     * @param timeout for each call, connecting included, waiting for nodes not
     */
    PolicyClient(InetSocketAddress address, Duration timeout) {
        this.peer = "the identity-service at " + address.getHostString() + ":" + address.getPort();
        this.timeout = timeout;
        channel = NettyChannelBuilder.forAddress(address)
                .channelType(NioSocketChannel.class, InetSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .directExecutor()
                .disableRetry()
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(MAX_ANSWER_BYTES)
                .usePlaintext()
                .build();
    }

    /** Checks documents only. */
    ApplyPoliciesResponse validate(String documents) {
        ApplyPoliciesRequest request = ApplyPoliciesRequest.newBuilder()
                .setDocuments(documents)
                .setValidateOnly(true)
                .build();
        return call(Duration.ZERO, stub -> stub.applyPolicies(request));
    }

    ApplyPoliciesResponse apply(String documents, Duration wait) {
        ApplyPoliciesRequest request = ApplyPoliciesRequest.newBuilder()
                .setDocuments(documents)
                .setWaitMs((int) wait.toMillis())
                .build();
        return call(wait, stub -> stub.applyPolicies(request));
    }

    GetPoliciesResponse get(List<PolicyName> names) {
        GetPoliciesRequest request =
                GetPoliciesRequest.newBuilder().addAllNames(names).build();
        return call(Duration.ZERO, stub -> stub.getPolicies(request));
    }

    DeletePoliciesResponse delete(List<PolicyName> names, Duration wait) {
        DeletePoliciesRequest request = DeletePoliciesRequest.newBuilder()
                .addAllNames(names)
                .setWaitMs((int) wait.toMillis())
                .build();
        return call(wait, stub -> stub.deletePolicies(request));
    }

    private <T> T call(Duration wait, Function<PolicyServiceBlockingStub, T> request) {
        try {
            return request.apply(PolicyServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(timeout.plus(wait).toMillis(), TimeUnit.MILLISECONDS));
        } catch (StatusRuntimeException e) {
            String description = e.getStatus().getDescription();
            if (MISTAKES.contains(e.getStatus().getCode()) && description != null) {
                // each mistake on a line of its own
                throw new AgentException(description, e);
            }
            throw Failures.explain(e, peer, timeout.plus(wait), "Is the identity-service running?");
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        // The loop ends by itself; a command that exits has nothing to wait for.
        var unused = eventLoop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
}
