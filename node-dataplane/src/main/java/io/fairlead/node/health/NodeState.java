package io.fairlead.node.health;

import io.fairlead.node.health.PathState.Reach;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is known of a node.
 *
 * @param node the node
 * @param host the ways to its addresses
 * @param endpoint the ways to its health endpoint
 */
public record NodeState(HealthNode node, List<PathState> host, List<PathState> endpoint) {
    public NodeState {
        host = List.copyOf(host);
        endpoint = List.copyOf(endpoint);
    }

    /** Of the node and its endpoint together. */
    public Reach reach() {
        return PathState.reach(Stream.concat(host.stream(), endpoint.stream()).toList());
    }

    Stream<ProbeOutcome> outcomes() {
        return Stream.concat(host.stream(), endpoint.stream()).flatMap(PathState::outcomes);
    }
}
