package io.fairlead.routes.stream;

import io.fairlead.proto.route.v1.ReportDropsRequest;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.fairlead.runtime.grpc.tls.Rights;

/** Who may ask the route-distributor for what: everybody may look, and a node acknowledges for itself alone. */
public final class NodeRights {
    private NodeRights() {}

    /** A rule for every method. */
    public static Rights rights() {
        return Rights.builder()
                .everybody(
                        RouteServiceGrpc.getListRoutesMethod(),
                        RouteServiceGrpc.getGetStatusMethod(),
                        RouteServiceGrpc.getGetConvergenceMethod())
                .nodes(
                        RouteServiceGrpc.getStreamRoutesMethod(),
                        Rights.ownName(
                                "subscribe",
                                (StreamRoutesRequest request) ->
                                        request.getSubscribe().getNodeName()))
                .nodes(
                        RouteServiceGrpc.getReportDropsMethod(),
                        Rights.ownName("node_name", ReportDropsRequest::getNodeName))
                .build();
    }
}
