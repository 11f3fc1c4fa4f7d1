package io.fairlead.soak.client;

import io.fairlead.proto.route.v1.AckRoutes;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.Optional;

/** A node's routes: CIDR to next hop. */
final class RouteFeed extends Feed<StreamRoutesRequest, StreamRoutesResponse> {
    private final String node;
    private final Staging routes;

    RouteFeed(String node, int index, Services services, Dictionary dictionary) {
        super(services.routes(), services.clock(), index);
        this.node = node;
        this.routes = new Staging(dictionary);
    }

    @Override
    StreamObserver<StreamRoutesRequest> open(Channel channel, StreamObserver<StreamRoutesResponse> observer) {
        return RouteServiceGrpc.newStub(channel).streamRoutes(observer);
    }

    @Override
    StreamRoutesRequest subscribe(long resumeVersion, String resumeEpoch) {
        return StreamRoutesRequest.newBuilder()
                .setSubscribe(SubscribeRoutes.newBuilder()
                        .setNodeName(node)
                        .setResumeVersion(resumeVersion)
                        .setResumeEpoch(resumeEpoch))
                .build();
    }

    @Override
    StreamRoutesRequest acknowledge(long nonce, long version) {
        return StreamRoutesRequest.newBuilder()
                .setAck(AckRoutes.newBuilder().setNonce(nonce).setVersion(version))
                .build();
    }

    @Override
    Head head(StreamRoutesResponse response) {
        return new Head(
                response.getNonce(),
                response.getVersion(),
                response.getEpoch(),
                response.getSnapshot(),
                response.getInSync());
    }

    @Override
    void restart() {
        routes.restart();
    }

    @Override
    void apply(StreamRoutesResponse response, boolean snapshot, boolean complete) {
        NodeTable table = routes.open(snapshot, complete);
        response.getRemovesList().forEach(table::remove);
        response.getUpsertsList().forEach(route -> table.put(route.getCidr(), route.getNextHop()));
        routes.done(complete);
    }

    synchronized Map<Object, Object> routes() {
        return routes.content().toMap();
    }

    synchronized Optional<String> nextHop(String cidr) {
        return Optional.ofNullable(routes.content().get(cidr)).map(Object::toString);
    }

    synchronized int size() {
        return routes.content().size();
    }
}
