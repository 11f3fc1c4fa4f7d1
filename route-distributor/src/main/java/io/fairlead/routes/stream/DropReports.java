package io.fairlead.routes.stream;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.events.EventKind;
import io.fairlead.events.source.Summary;
import io.fairlead.events.source.SummarySource;
import io.fairlead.proto.route.v1.Drops;
import io.fairlead.proto.route.v1.ReportDropsRequest;
import io.fairlead.proto.route.v1.ReportDropsResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What nodes say of the packets they dropped, the newest of each until it is told. Any thread. */
final class DropReports {
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final int MOST_NODES = 20_000;
    private static final int MOST_REASONS = 512;

    // guarded by: this
    private final Map<String, Summary> untold = new LinkedHashMap<>();
    // guarded by: this
    private boolean wanted;

    /** What there is to tell; until this is asked for, reports are taken and forgotten. */
    synchronized SummarySource source() {
        wanted = true;
        return new SummarySource(EventKind.DROPS, false, EVERY, () -> Future.succeededFuture(take()));
    }

    private synchronized List<Summary> take() {
        List<Summary> news = new ArrayList<>(untold.values());
        untold.clear();
        return news;
    }

    /** A node's report. */
    void report(ReportDropsRequest request, StreamObserver<ReportDropsResponse> observer) {
        try {
            NodeName node = new NodeName(request.getNodeName());
            if (request.getDropsCount() > MOST_REASONS) {
                throw new IllegalArgumentException(
                        "drops: " + request.getDropsCount() + " (expected: at most " + MOST_REASONS + ")");
            }
            keep(new Summary(node.value(), System.currentTimeMillis(), detail(node, request)));
            observer.onNext(ReportDropsResponse.getDefaultInstance());
            observer.onCompleted();
        } catch (IllegalArgumentException e) {
            observer.onError(Status.INVALID_ARGUMENT
                    .withDescription(e.getMessage())
                    .withCause(e)
                    .asRuntimeException());
        }
    }

    private synchronized void keep(Summary report) {
        if (wanted && (untold.size() < MOST_NODES || untold.containsKey(report.entity()))) {
            untold.put(report.entity(), report);
        }
    }

    private static ObjectNode detail(NodeName node, ReportDropsRequest request) {
        ObjectNode detail = JsonNodeFactory.instance.objectNode();
        detail.put("node", node.value());
        ArrayNode list = detail.putArray("drops");
        for (Drops drops : request.getDropsList()) {
            list.addObject()
                    .put("reason", drops.getReason())
                    .put("text", drops.getText())
                    .put("direction", drops.getDirection())
                    .put("packets", drops.getPackets())
                    .put("bytes", drops.getBytes());
        }
        return detail;
    }
}
