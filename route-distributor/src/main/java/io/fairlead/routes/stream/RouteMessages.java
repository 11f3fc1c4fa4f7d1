package io.fairlead.routes.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.NodeName;
import io.fairlead.proto.route.v1.AckRoutes;
import io.fairlead.proto.route.v1.FailedRoute;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.proto.route.v1.SubscribeRoutes;
import io.fairlead.routes.table.Route;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.Chunk;
import io.fairlead.runtime.stream.FromNode;
import java.util.Map;
import java.util.TreeMap;

/** Routes as messages, and what nodes say in messages. */
final class RouteMessages {
    private RouteMessages() {}

    static StreamRoutesResponse response(Chunk<Cidr, Route> chunk) {
        StreamRoutesResponse.Builder response = StreamRoutesResponse.newBuilder()
                .setVersion(chunk.version())
                .setEpoch(chunk.epoch())
                .setSnapshot(chunk.snapshot())
                .setInSync(chunk.inSync());
        if (chunk.inSync()) {
            response.setEntries(chunk.entries());
        }
        for (Change<Cidr, Route> change : chunk.changes()) {
            if (change instanceof Change.Upsert<Cidr, Route> upsert) {
                response.addUpserts(route(upsert.value()));
            } else {
                response.addRemoves(change.key().toString());
            }
        }
        return response.build();
    }

    static io.fairlead.proto.route.v1.Route route(Route route) {
        return io.fairlead.proto.route.v1.Route.newBuilder()
                .setCidr(route.cidr().toString())
                .setNextHop(route.nextHop().toString())
                .setNodeName(route.node().value())
                .setClusterName(route.cluster().value())
                .setRevision(route.revision())
                .build();
    }

    static FromNode request(StreamRoutesRequest request) {
        return switch (request.getMessageCase()) {
            case SUBSCRIBE -> subscribe(request.getSubscribe());
            case ACK -> ack(request.getAck());
            case MESSAGE_NOT_SET ->
                throw new IllegalArgumentException("request: empty (expected: subscribe, then acks)");
        };
    }

    private static FromNode subscribe(SubscribeRoutes message) {
        if (message.getResumeVersion() < 0) {
            throw new IllegalArgumentException(
                    "resume version: " + message.getResumeVersion() + " (expected: 0 or more)");
        }
        NodeName node = new NodeName(message.getNodeName());
        return new FromNode.Subscribe(node, message.getResumeVersion(), message.getResumeEpoch());
    }

    private static FromNode ack(AckRoutes message) {
        Map<String, String> failed = new TreeMap<>();
        for (FailedRoute route : message.getFailedList()) {
            failed.put(route.getCidr(), route.getReason());
        }
        return new FromNode.Ack(message.getNonce(), failed);
    }
}
