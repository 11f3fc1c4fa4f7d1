package io.fairlead.routes;

import io.fairlead.proto.route.v1.AckRoutes;
import io.fairlead.proto.route.v1.FailedRoute;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A node's end of a stream: applies updates to a map and acknowledges them, but for CIDRs it is told to fail. */
final class TestNode implements StreamObserver<StreamRoutesResponse> {
    private final String name;
    private final Set<String> failing;
    // all guarded by: this
    private final Map<String, String> kernel = new TreeMap<>();
    private final List<StreamRoutesResponse> received = new ArrayList<>();
    private @Nullable StreamObserver<StreamRoutesRequest> requests;
    private @Nullable Throwable ended;
    private long version;
    private String epoch = "";

    TestNode(String name, String... failing) {
        this.name = name;
        this.failing = Set.of(failing);
    }

    synchronized void connect(ManagedChannel channel) {
        ended = null;
        StreamObserver<StreamRoutesRequest> opened =
                RouteServiceGrpc.newStub(channel).streamRoutes(this);
        requests = opened;
        opened.onNext(StreamRoutesRequest.newBuilder()
                .setSubscribe(SubscribeRoutes.newBuilder()
                        .setNodeName(name)
                        .setResumeVersion(version)
                        .setResumeEpoch(epoch))
                .build());
    }

    @Override
    public synchronized void onNext(StreamRoutesResponse response) {
        received.add(response);
        if (response.getSnapshot()) {
            kernel.clear();
        }
        response.getUpsertsList().forEach(r -> kernel.put(r.getCidr(), r.getNextHop()));
        response.getRemovesList().forEach(kernel::remove);
        if (response.getInSync()) {
            version = response.getVersion();
            epoch = response.getEpoch();
        }
        AckRoutes.Builder ack =
                AckRoutes.newBuilder().setNonce(response.getNonce()).setVersion(response.getVersion());
        failing.stream()
                .filter(kernel::containsKey)
                .forEach(cidr ->
                        ack.addFailed(FailedRoute.newBuilder().setCidr(cidr).setReason("gateway is not on link")));
        if (requests != null) {
            requests.onNext(StreamRoutesRequest.newBuilder().setAck(ack).build());
        }
    }

    @Override
    public synchronized void onError(Throwable cause) {
        ended = cause;
    }

    @Override
    public synchronized void onCompleted() {
        ended = new IllegalStateException("completed by the server");
    }

    synchronized Map<String, String> kernel() {
        return new TreeMap<>(kernel);
    }

    synchronized List<StreamRoutesResponse> received() {
        return List.copyOf(received);
    }

    synchronized boolean hasEnded() {
        return ended != null;
    }
}
