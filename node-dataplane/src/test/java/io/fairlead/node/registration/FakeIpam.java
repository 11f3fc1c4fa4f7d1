package io.fairlead.node.registration;

import io.fairlead.proto.ipam.v1.AddPodCidrRequest;
import io.fairlead.proto.ipam.v1.AddPodCidrResponse;
import io.fairlead.proto.ipam.v1.IpamServiceGrpc;
import io.fairlead.proto.ipam.v1.ListPoolsRequest;
import io.fairlead.proto.ipam.v1.ListPoolsResponse;
import io.fairlead.proto.ipam.v1.Pool;
import io.fairlead.proto.ipam.v1.PoolCidrs;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.RegisterNodeResponse;
import io.fairlead.proto.ipam.v1.ReturnPodCidrRequest;
import io.fairlead.proto.ipam.v1.ReturnPodCidrResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** An ipam service that says what a test wants it to. */
final class FakeIpam extends IpamServiceGrpc.IpamServiceImplBase {
    final List<RegisterNodeRequest> asked = new CopyOnWriteArrayList<>();
    final List<AddPodCidrRequest> added = new CopyOnWriteArrayList<>();
    final List<String> returned = new CopyOnWriteArrayList<>();
    final AtomicInteger failures = new AtomicInteger();
    final Map<String, String> byRequest = new ConcurrentHashMap<>();
    final Deque<String> blocks = new ArrayDeque<>(); // guarded by: this
    volatile List<String> gives = List.of("10.244.1.0/24");
    volatile Status addFails = Status.OK;
    volatile Status returnFails = Status.OK;
    /** The block is given, its answer never arrives. */
    volatile boolean loseAnswers;

    @Override
    public void registerNode(RegisterNodeRequest request, StreamObserver<RegisterNodeResponse> to) {
        asked.add(request);
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            to.onError(
                    Status.RESOURCE_EXHAUSTED.withDescription("allocator full").asRuntimeException());
            return;
        }
        to.onNext(RegisterNodeResponse.newBuilder()
                .addAllPodCidrs(gives)
                .setClusterName("default")
                .build());
        to.onCompleted();
    }

    @Override
    public synchronized void addPodCidr(AddPodCidrRequest request, StreamObserver<AddPodCidrResponse> to) {
        added.add(request);
        if (!addFails.isOk()) {
            to.onError(addFails.asRuntimeException());
            return;
        }
        String cidr = byRequest.computeIfAbsent(request.getRequestId(), id -> blocks.isEmpty() ? "" : blocks.remove());
        if (cidr.isEmpty()) {
            byRequest.remove(request.getRequestId());
            to.onError(
                    Status.RESOURCE_EXHAUSTED.withDescription("allocator full").asRuntimeException());
        } else if (loseAnswers) {
            to.onError(Status.UNAVAILABLE.asRuntimeException());
        } else {
            to.onNext(AddPodCidrResponse.newBuilder().setPodCidr(cidr).build());
            to.onCompleted();
        }
    }

    @Override
    public void returnPodCidr(ReturnPodCidrRequest request, StreamObserver<ReturnPodCidrResponse> to) {
        returned.add(request.getPodCidr());
        if (!returnFails.isOk()) {
            to.onError(returnFails.asRuntimeException());
            return;
        }
        to.onNext(ReturnPodCidrResponse.newBuilder().setReturned(true).build());
        to.onCompleted();
    }

    @Override
    public void listPools(ListPoolsRequest request, StreamObserver<ListPoolsResponse> to) {
        to.onNext(ListPoolsResponse.newBuilder()
                .addPools(Pool.newBuilder()
                        .setName("default")
                        .addFamilies(PoolCidrs.newBuilder().setIpVersion(4).addCidrs("10.244.0.0/16")))
                .addPools(Pool.newBuilder()
                        .setName("blue")
                        .addFamilies(PoolCidrs.newBuilder().setIpVersion(4).addCidrs("10.99.0.0/16")))
                .build());
        to.onCompleted();
    }
}
