package io.fairlead.routes.stream;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.events.EventKind;
import io.fairlead.events.source.Summary;
import io.fairlead.events.source.SummarySource;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.NodeConvergence;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** Convergence as Kafka is told it. */
final class ConvergenceEvents {
    /** Nodes named in a summary. */
    static final int SLOWEST = 10;

    private static final Duration EVERY = Duration.ofSeconds(10);

    private ConvergenceEvents() {}

    static SummarySource source(ClusterName cluster, Supplier<Future<GetConvergenceResponse>> convergence) {
        return new SummarySource(
                EventKind.CONVERGENCE,
                true,
                EVERY,
                () -> convergence
                        .get()
                        .map(answer ->
                                List.of(new Summary(cluster.value(), System.currentTimeMillis(), detail(answer)))));
    }

    private static ObjectNode detail(GetConvergenceResponse answer) {
        ObjectNode detail = JsonNodeFactory.instance.objectNode();
        detail.put("version", answer.getVersion());
        detail.put("nodes", answer.getNodes());
        detail.put("converged", answer.getConverged());
        detail.put("medianUs", answer.getMedianUs());
        detail.put("p99Us", answer.getP99Us());
        detail.put("maxUs", answer.getMaxUs());
        detail.put("samples", answer.getSamples());
        ArrayNode slowest = detail.putArray("slowest");
        for (NodeConvergence node : answer.getSlowestList()) {
            if (!node.getState().equals("converged")) {
                slowest.addObject()
                        .put("node", node.getNodeName())
                        .put("state", node.getState())
                        .put("version", node.getVersion())
                        .put("behindMs", node.getBehindMs())
                        .put("reason", node.getReason());
            }
        }
        return detail;
    }
}
