package io.fairlead.node.api;

import io.fairlead.contract.Ip;
import io.fairlead.node.health.ClusterState;
import io.fairlead.node.health.NodeState;
import io.fairlead.node.health.PathState;
import io.fairlead.node.health.PathState.Reach;
import io.fairlead.proto.agent.v1.StatusLine;
import io.fairlead.proto.agent.v1.StatusLine.State;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Lines of {@code fairlead status} about health. */
final class HealthLines {
    /** Nodes named when not all are reachable; {@code fairlead health status} has them all. */
    private static final int MOST_NAMED = 10;

    private HealthLines() {}

    /** @param problems why this node does not answer as it should */
    static StatusLine daemon(Optional<ClusterState> health, List<String> problems) {
        if (health.isEmpty()) {
            return StatusLines.line("Fairlead health daemon", "Disabled", State.STATE_DISABLED);
        }
        return problems.isEmpty()
                ? StatusLines.line("Fairlead health daemon", "Ok", State.STATE_OK)
                : StatusLines.line(
                        "Fairlead health daemon", "Failure " + String.join("; ", problems), State.STATE_FAILURE);
    }

    /** Other nodes that do not answer make this one no failure. */
    static StatusLine cluster(Optional<ClusterState> health) {
        if (health.isEmpty()) {
            return StatusLines.line("Cluster health", "Probe disabled", State.STATE_DISABLED);
        }
        ClusterState state = health.get();
        StringBuilder text = new StringBuilder();
        text.append(state.count(Reach.REACHABLE))
                .append('/')
                .append(state.nodes().size())
                .append(" reachable");
        state.oldest()
                .ifPresent(at -> text.append(" (")
                        .append(at.truncatedTo(ChronoUnit.SECONDS))
                        .append(')'));
        List<NodeState> unreachable = state.nodes().stream()
                .filter(node -> node.reach() == Reach.UNREACHABLE)
                .toList();
        if (!unreachable.isEmpty()) {
            text.append("\n  Name   IP   Node   Endpoints");
            unreachable.stream()
                    .limit(MOST_NAMED)
                    .forEach(node -> text.append("\n  ").append(row(node)));
            if (unreachable.size() > MOST_NAMED) {
                text.append("\n  ... and ")
                        .append(unreachable.size() - MOST_NAMED)
                        .append(" more");
            }
        }
        return StatusLines.line(
                "Cluster health", text.toString(), unreachable.isEmpty() ? State.STATE_OK : State.STATE_WARNING);
    }

    private static String row(NodeState node) {
        return String.join(
                "   ",
                node.node().name() + (node.node().local() ? " (localhost)" : ""),
                node.node().host().stream().findFirst().map(Ip::toString).orElse("<unknown>"),
                PathState.reach(node.host()).text(),
                node.endpoint().isEmpty()
                        ? Reach.UNKNOWN.text()
                        : PathState.reach(node.endpoint()).text());
    }
}
