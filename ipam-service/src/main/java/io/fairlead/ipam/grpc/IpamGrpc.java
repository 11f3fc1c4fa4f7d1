package io.fairlead.ipam.grpc;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.ipam.IpamMetrics;
import io.fairlead.ipam.allocation.Convergence;
import io.fairlead.ipam.allocation.NodeAllocator;
import io.fairlead.ipam.allocation.Nodes;
import io.fairlead.ipam.allocation.Occupancy;
import io.fairlead.ipam.allocation.PoolAdmin;
import io.fairlead.ipam.allocation.Registered;
import io.fairlead.ipam.allocation.Registration;
import io.fairlead.ipam.allocation.Withdrawals;
import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.AddPodCidrResponse;
import io.fairlead.proto.ipam.v1.AddPoolCidrsRequest;
import io.fairlead.proto.ipam.v1.AddPoolCidrsResponse;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.LateNode;
import io.fairlead.proto.ipam.v1.ListNodesRequest;
import io.fairlead.proto.ipam.v1.ListNodesResponse;
import io.fairlead.proto.ipam.v1.ListPoolsRequest;
import io.fairlead.proto.ipam.v1.ListPoolsResponse;
import io.fairlead.proto.ipam.v1.ListWithheldRequest;
import io.fairlead.proto.ipam.v1.ListWithheldResponse;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.proto.ipam.v1.ReleaseNodeRequest;
import io.fairlead.proto.ipam.v1.ReleaseNodeResponse;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.fairlead.proto.ipam.v1.ReturnPodCidrResponse;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** Serves IpamService. Handlers only start work; answers are given on the store's thread. */
public final class IpamGrpc extends IpamServiceGrpc.IpamServiceImplBase {
    private static final int MAX_REQUEST_ID = 128;
    /** A caller that is gone is not waited for longer than this. */
    private static final long MAX_WAIT_MS = 600_000;

    private final Parts parts;
    private final ClusterName cluster;
    private final int clusterId;
    private final IpamMetrics metrics;

    /**
     * What does the work.
     *
     * @param allocator nodes and their blocks
     * @param nodes which there are
     * @param occupancy what is taken
     * @param pools makes pools
     * @param convergence knows who has which routes
     * @param withdrawals what is withheld
     */
    public record Parts(
            NodeAllocator allocator,
            Nodes nodes,
            Occupancy occupancy,
            PoolAdmin pools,
            Convergence convergence,
            Withdrawals withdrawals) {}

    /** Serves the nodes of a cluster. */
    public IpamGrpc(Parts parts, ClusterName cluster, int clusterId, IpamMetrics metrics) {
        this.parts = parts;
        this.cluster = cluster;
        this.clusterId = clusterId;
        this.metrics = metrics;
    }

    @Override
    public void registerNode(RegisterNodeRequest request, StreamObserver<RegisterNodeResponse> observer) {
        answer(observer, () -> {
            Registration asked = Messages.registration(request);
            return metrics.timed(() -> parts.allocator.register(asked))
                    .onSuccess(done -> metrics.event("register", done.changed()))
                    .compose(done -> request.getWaitMs() == 0
                            ? Future.succeededFuture(response(done).build())
                            : parts.convergence
                                    .await(cluster, asked.node(), done, patience(request))
                                    .map(reach -> response(done, reach)));
        });
    }

    @Override
    public void releaseNode(ReleaseNodeRequest request, StreamObserver<ReleaseNodeResponse> observer) {
        answer(
                observer,
                () -> parts.allocator
                        .release(Messages.node(request.getNodeName()), Messages.revision("as_of", request.getAsOf()))
                        .onSuccess(released -> metrics.event("release", released))
                        .map(released -> ReleaseNodeResponse.newBuilder()
                                .setReleased(released)
                                .build()));
    }

    @Override
    public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> observer) {
        answer(observer, () -> parts.nodes.list().map(IpamGrpc::response));
    }

    @Override
    public void addPodCidr(AddPodCidrRequest request, StreamObserver<AddPodCidrResponse> observer) {
        answer(observer, () -> {
            String id = request.getRequestId();
            if (id.isEmpty() || id.length() > MAX_REQUEST_ID) {
                throw new IllegalArgumentException("request_id: \"" + id + "\" (expected: 1 to " + MAX_REQUEST_ID
                        + " characters, the same ones when the request is repeated)");
            }
            return parts.allocator
                    .addPodCidr(
                            Messages.node(request.getNodeName()),
                            Messages.pool(request.getPool()),
                            Messages.family("ip_version", request.getIpVersion()),
                            id)
                    .onSuccess(done -> metrics.event("add", done.changed()))
                    .map(done -> AddPodCidrResponse.newBuilder()
                            .setPodCidr(done.podCidrs().get(0).toString())
                            .setRevision(done.revision())
                            .build());
        });
    }

    @Override
    public void returnPodCidr(ReturnPodCidrRequest request, StreamObserver<ReturnPodCidrResponse> observer) {
        answer(
                observer,
                () -> parts.allocator
                        .returnPodCidr(
                                Messages.node(request.getNodeName()),
                                Messages.cidr("pod_cidr", request.getPodCidr()),
                                Messages.revision("as_of", request.getAsOf()))
                        .onSuccess(done -> metrics.event("return", done.changed()))
                        .map(done -> ReturnPodCidrResponse.newBuilder()
                                .setReturned(done.changed())
                                .build()));
    }

    @Override
    public void listPools(ListPoolsRequest request, StreamObserver<ListPoolsResponse> observer) {
        answer(observer, () -> {
            ListPoolsResponse.Builder response = ListPoolsResponse.newBuilder();
            parts.occupancy.pools().all().forEach(pool -> response.addPools(Messages.pool(pool, parts.occupancy)));
            return Future.succeededFuture(response.build());
        });
    }

    @Override
    public void addPoolCidrs(AddPoolCidrsRequest request, StreamObserver<AddPoolCidrsResponse> observer) {
        answer(observer, () -> {
            List<Cidr> cidrs = Messages.cidrs("cidrs", request.getCidrsList());
            return parts.pools
                    .add(Messages.pool(request.getPool()), cidrs, request.getMaskSize())
                    .onSuccess(pool -> metrics.event("pool", true))
                    .map(pool -> AddPoolCidrsResponse.newBuilder()
                            .setPool(Messages.pool(pool, parts.occupancy))
                            .build());
        });
    }

    @Override
    public void listWithheld(ListWithheldRequest request, StreamObserver<ListWithheldResponse> observer) {
        answer(observer, () -> {
            ListWithheldResponse.Builder response = ListWithheldResponse.newBuilder();
            parts.withdrawals.list().forEach(waiting -> response.addCidrs(Messages.withheld(waiting)));
            return Future.succeededFuture(response.build());
        });
    }

    private static Duration patience(RegisterNodeRequest request) {
        return Duration.ofMillis(Math.min(Integer.toUnsignedLong(request.getWaitMs()), MAX_WAIT_MS));
    }

    private RegisterNodeResponse.Builder response(Registered done) {
        return RegisterNodeResponse.newBuilder()
                .addAllPodCidrs(done.podCidrs().stream().map(Cidr::toString).toList())
                .setRevision(done.revision())
                .setClusterName(cluster.value())
                .setClusterId(clusterId);
    }

    private RegisterNodeResponse response(Registered done, Convergence.Reach reach) {
        RegisterNodeResponse.Builder response = response(done).setReachable(reach.reachable());
        reach.late()
                .forEach(late -> response.addLate(
                        LateNode.newBuilder().setNodeName(late.node().value()).setReason(late.reason())));
        return response.build();
    }

    private static ListNodesResponse response(Nodes.Listed listed) {
        ListNodesResponse.Builder response = ListNodesResponse.newBuilder().setRevision(listed.revision());
        listed.nodes().forEach(record -> response.addNodes(Messages.node(record)));
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
