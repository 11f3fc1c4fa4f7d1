package io.fairlead.ipam.grpc;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.NodeAllocator;
import io.fairlead.ipam.allocation.Nodes;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.ListNodesResponse;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.fairlead.proto.ipam.v1.ReleaseNodeResponse;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Supplier;

/** Serves IpamService. Handlers only start work; answers are given on the store's thread. */
public final class IpamGrpc extends IpamServiceGrpc.IpamServiceImplBase {
    private final NodeAllocator allocator;
    private final Nodes nodes;
    private final ClusterName cluster;
    private final int clusterId;

    /** Serves the nodes of a cluster. */
    public IpamGrpc(NodeAllocator allocator, Nodes nodes, ClusterName cluster, int clusterId) {
        this.allocator = allocator;
        this.nodes = nodes;
        this.cluster = cluster;
        this.clusterId = clusterId;
    }

    @Override
    public void registerNode(RegisterNodeRequest request, StreamObserver<RegisterNodeResponse> observer) {
        answer(
                observer,
                () -> allocator
                        .register(Messages.registration(request))
                        .map(done -> RegisterNodeResponse.newBuilder()
                                .addPodCidrs(done.podCidr().toString())
                                .setRevision(done.revision())
                                .setClusterName(cluster.value())
                                .setClusterId(clusterId)
                                .build()));
    }

    @Override
    public void releaseNode(ReleaseNodeRequest request, StreamObserver<ReleaseNodeResponse> observer) {
        answer(
                observer,
                () -> allocator
                        .release(new NodeName(request.getNodeName()))
                        .map(released -> ReleaseNodeResponse.newBuilder()
                                .setReleased(released)
                                .build()));
    }

    @Override
    public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> observer) {
        answer(observer, () -> nodes.list().map(IpamGrpc::response));
    }

    private static ListNodesResponse response(List<NodeRecord> records) {
        ListNodesResponse.Builder response = ListNodesResponse.newBuilder();
        records.forEach(record -> response.addNodes(Messages.node(record)));
        return response.build();
    }

    private static <T> void answer(StreamObserver<T> observer, Supplier<Future<T>> work) {
        Future.succeededFuture()
                .compose(ignored -> work.get())
                .onSuccess(response -> {
                    observer.onNext(response);
                    observer.onCompleted();
                })
                .onFailure(failure -> observer.onError(Failures.status(failure)));
    }
}
