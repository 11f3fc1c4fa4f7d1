package io.fairlead.node.health;

import io.fairlead.node.health.PathState.Reach;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is known of all nodes.
 *
 * @param nodes this node first, the others by name
 */
public record ClusterState(List<NodeState> nodes) {
    public ClusterState {
        nodes = List.copyOf(nodes);
    }

    /** When the oldest result came; empty while there is none. */
    public Optional<Instant> oldest() {
        return nodes.stream().flatMap(NodeState::outcomes).map(ProbeOutcome::at).min(Instant::compareTo);
    }

    /** How many nodes are so. */
    public long count(Reach reach) {
        return nodes.stream().filter(node -> node.reach() == reach).count();
    }
}
