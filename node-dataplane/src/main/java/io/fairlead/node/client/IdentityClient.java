package io.fairlead.node.client;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointException;
import io.fairlead.node.endpoint.EndpointPublisher;
import io.fairlead.node.endpoint.IdentityAllocator;
import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc.IdentityServiceBlockingStub;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.proto.identity.v1.ReleaseIdentityRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.runtime.grpc.Statuses;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** The identity service, as the node's endpoints need it. Each call has a deadline. */
public final class IdentityClient implements IdentityAllocator, EndpointPublisher {
    private static final Duration PATIENCE = Duration.ofMillis(2_500);
    private static final Duration PAUSE = Duration.ofMillis(150);

    private final NodeName node;
    private final Ip nodeAddress;
    private final IdentityServiceBlockingStub service;
    private final Duration deadline;

    public IdentityClient(NodeName node, Ip nodeAddress, IdentityServiceBlockingStub service, Duration deadline) {
        this.node = node;
        this.nodeAddress = nodeAddress;
        this.service = service;
        this.deadline = deadline;
    }

    @Override
    public IdentityId identityFor(Labels labels) {
        AllocateIdentityRequest request = AllocateIdentityRequest.newBuilder()
                .setNodeName(node.value())
                .addAllLabels(labels.texts())
                .build();
        return new IdentityId(call(
                "identity of " + labels, () -> stub().allocateIdentity(request).getIdentity()));
    }

    @Override
    public void release(IdentityId identity) {
        ReleaseIdentityRequest request = ReleaseIdentityRequest.newBuilder()
                .setNodeName(node.value())
                .setIdentity(identity.value())
                .build();
        call("release of identity " + identity, () -> stub().releaseIdentity(request));
    }

    @Override
    public void publish(Endpoint endpoint) {
        IdentityId identity = endpoint.identity()
                .orElseThrow(() -> new IllegalArgumentException(
                        "endpoint " + endpoint.id() + ": no identity (expected: one before it is published)"));
        for (Ip ip : endpoint.ips()) {
            PublishEndpointRequest request = PublishEndpointRequest.newBuilder()
                    .setNodeName(node.value())
                    .setIp(ip.toString())
                    .setIdentity(identity.value())
                    .setHostIp(nodeAddress.toString())
                    .setNamespace(endpoint.workload().namespace().orElse(""))
                    .setPodName(endpoint.workload().pod().orElse(""))
                    .build();
            call("publishing of " + ip, () -> stub().publishEndpoint(request));
        }
    }

    @Override
    public void withdraw(Ip ip) {
        WithdrawEndpointRequest request = WithdrawEndpointRequest.newBuilder()
                .setNodeName(node.value())
                .setIp(ip.toString())
                .setHostIp(nodeAddress.toString())
                .build();
        call("withdrawal of " + ip, () -> stub().withdrawEndpoint(request));
    }

    private IdentityServiceBlockingStub stub() {
        return service.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Asks again for a moment while nobody answers: a replica may be about to come, or to be given up. All of the service's
     * methods bear being asked twice.
     */
    private static <T> T call(String attempt, Supplier<T> call) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return call.get();
            } catch (StatusRuntimeException e) {
                boolean passing = e.getStatus().getCode() == Status.Code.UNAVAILABLE;
                if (!passing
                        || System.nanoTime() > end
                        || Thread.currentThread().isInterrupted()) {
                    throw new EndpointException(reason(e), attempt + ": " + said(e), e);
                }
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    private static EndpointException.Reason reason(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case INVALID_ARGUMENT -> EndpointException.Reason.REFUSED;
            case NOT_FOUND -> EndpointException.Reason.LOST;
            case ABORTED -> EndpointException.Reason.BUSY;
            default -> EndpointException.Reason.UNAVAILABLE;
        };
    }

    /** What it said, or that it could not be reached and why. */
    private static String said(StatusRuntimeException e) {
        boolean silent = switch (e.getStatus().getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED -> true;
            default -> false;
        };
        return "the identity service " + (silent ? "does not answer: " : "says ") + Statuses.text(e);
    }
}
