package io.fairlead.cli.route;

import io.fairlead.cli.output.Answer;
import io.fairlead.cli.output.Json;
import io.fairlead.cli.output.Table;
import io.fairlead.cli.output.TextStyle;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.NodeConvergence;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * {@code route convergence}.
 *
 * @param waited whether somebody waited for all nodes, so that a late one is a failure
 */
record ConvergenceAnswer(GetConvergenceResponse message, boolean waited) implements Answer {
    static boolean isComplete(GetConvergenceResponse message) {
        return message.getConverged() == message.getNodes();
    }

    @Override
    public String text(TextStyle style) {
        Table table = new Table("NODE", "STATE", "VERSION", "BEHIND", "REPLICA", "REASON");
        for (NodeConvergence node : message.getSlowestList()) {
            table.row(
                    node.getNodeName(),
                    node.getState(),
                    node.getVersion() == 0 ? "-" : Long.toString(node.getVersion()),
                    node.getBehindMs() == 0 ? "-" : time(1_000 * node.getBehindMs()),
                    node.getReplica().isEmpty() ? "-" : node.getReplica(),
                    node.getReason().isEmpty() ? "-" : node.getReason());
        }
        String rows = message.getSlowestCount() == 0 ? "" : table.render(style.headers()) + "\n";
        return rows + summary() + "\n";
    }

    private String summary() {
        String nodes = message.getNodes() + (message.getNodes() == 1 ? " node, " : " nodes, ") + message.getConverged()
                + " converged at version " + message.getVersion();
        if (message.getSamples() == 0) {
            return nodes + "; no change since the distributor started";
        }
        return nodes + "; a change took " + time(message.getMedianUs()) + " (median), " + time(message.getP99Us())
                + " (p99), " + time(message.getMaxUs()) + " (max) to reach all, of the last " + message.getSamples();
    }

    /** "850us", "1.3ms", "12.0s", "4m10s". */
    static String time(long micros) {
        if (micros < 1_000) {
            return micros + "us";
        }
        if (micros < 1_000_000) {
            return String.format(Locale.ROOT, "%.1fms", micros / 1e3);
        }
        long seconds = micros / 1_000_000;
        return seconds < 60
                ? String.format(Locale.ROOT, "%.1fs", micros / 1e6)
                : seconds / 60 + "m" + seconds % 60 + "s";
    }

    @Override
    public Object json() {
        List<Object> nodes = new ArrayList<>();
        for (NodeConvergence node : message.getSlowestList()) {
            nodes.add(Json.object(
                    "name", node.getNodeName(),
                    "state", node.getState(),
                    "version", node.getVersion(),
                    "behindMs", node.getBehindMs(),
                    "reason", node.getReason(),
                    "replica", node.getReplica(),
                    "medianUs", node.getMedianUs()));
        }
        return Json.object(
                "version", message.getVersion(),
                "nodes", message.getNodes(),
                "converged", message.getConverged(),
                "medianUs", message.getMedianUs(),
                "p99Us", message.getP99Us(),
                "maxUs", message.getMaxUs(),
                "samples", message.getSamples(),
                "slowest", nodes);
    }

    @Override
    public boolean healthy() {
        return !waited || isComplete(message);
    }
}
