package io.fairlead.identity.grpc;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.allocation.IdentityAllocator;
import io.fairlead.identity.endpoints.Endpoint;
import io.fairlead.identity.endpoints.EndpointPublisher;
import io.fairlead.proto.identity.v1.AllocateIdentityRequest;
import io.fairlead.proto.identity.v1.AllocateIdentityResponse;
import io.fairlead.proto.identity.v1.IdentityServiceGrpc;
import io.fairlead.proto.identity.v1.PublishEndpointRequest;
import io.fairlead.proto.identity.v1.PublishEndpointResponse;
import io.fairlead.proto.identity.v1.ReleaseIdentityRequest;
import io.fairlead.proto.identity.v1.ReleaseIdentityResponse;
import io.fairlead.proto.identity.v1.WithdrawEndpointRequest;
import io.fairlead.proto.identity.v1.WithdrawEndpointResponse;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import java.util.function.Supplier;

/** Serves IdentityService but for its stream. Handlers only start work; answers are given on the store's thread. */
public final class IdentityGrpc extends IdentityServiceGrpc.IdentityServiceImplBase {
    private final IdentityAllocator allocator;
    private final EndpointPublisher endpoints;

    /** Serves one store. */
    public IdentityGrpc(IdentityAllocator allocator, EndpointPublisher endpoints) {
        this.allocator = allocator;
        this.endpoints = endpoints;
    }

    @Override
    public void allocateIdentity(AllocateIdentityRequest request, StreamObserver<AllocateIdentityResponse> observer) {
        answer(
                observer,
                () -> allocator
                        .allocate(node(request.getNodeName()), Labels.parse(request.getLabelsList()))
                        .map(allocated -> AllocateIdentityResponse.newBuilder()
                                .setIdentity(allocated.id().value())
                                .addAllLabels(allocated.labels().texts())
                                .build()));
    }

    @Override
    public void releaseIdentity(ReleaseIdentityRequest request, StreamObserver<ReleaseIdentityResponse> observer) {
        answer(
                observer,
                () -> allocator
                        .release(node(request.getNodeName()), new IdentityId(request.getIdentity()))
                        .map(released -> ReleaseIdentityResponse.getDefaultInstance()));
    }

    @Override
    public void publishEndpoint(PublishEndpointRequest request, StreamObserver<PublishEndpointResponse> observer) {
        answer(observer, () -> {
            NodeName node = node(request.getNodeName());
            Endpoint endpoint = new Endpoint(
                    ip("ip", request.getIp()),
                    new IdentityId(request.getIdentity()),
                    ip("host_ip", request.getHostIp()),
                    request.getNamespace(),
                    request.getPodName());
            return endpoints
                    .publish(node, endpoint)
                    .map(revision -> PublishEndpointResponse.newBuilder()
                            .setRevision(revision)
                            .build());
        });
    }

    @Override
    public void withdrawEndpoint(WithdrawEndpointRequest request, StreamObserver<WithdrawEndpointResponse> observer) {
        answer(observer, () -> {
            node(request.getNodeName());
            return endpoints
                    .withdraw(ip("ip", request.getIp()), ip("host_ip", request.getHostIp()))
                    .map(withdrawn -> WithdrawEndpointResponse.newBuilder()
                            .setWithdrawn(withdrawn)
                            .build());
        });
    }

    private static NodeName node(String text) {
        return new NodeName(text);
    }

    private static Ip ip(String field, String text) {
        try {
            return Ip.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(field + ": " + e.getMessage(), e);
        }
    }

    static <T> void answer(StreamObserver<T> observer, Supplier<Future<T>> work) {
        Future.succeededFuture()
                .compose(ignored -> work.get())
                .onSuccess(response -> {
                    observer.onNext(response);
                    observer.onCompleted();
                })
                .onFailure(failure -> observer.onError(Failures.status(failure)));
    }
}
