package io.fairlead.ipam.allocation;

import io.fairlead.contract.NodeName;
import io.fairlead.kvstore.progress.NodeReached;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which revisions the nodes have in their kernels, as of one moment. Made by one pass over all nodes; whether all of them
 * have a revision is then known without another.
 */
final class Acks {
    private static final long NOTHING = -1;

    private final List<Owner> nodes;
    private final Map<NodeName, NodeReached> reached;
    /** Nodes that refused something, with what. */
    private final Map<Owner, Map<String, String>> refused = new HashMap<>();
    /** The node furthest behind, and how far the others are. */
    private @Nullable Owner last;

    private long lowest = Long.MAX_VALUE;
    private long lowestOfOthers = Long.MAX_VALUE;

    Acks(List<Owner> nodes, Map<NodeName, NodeReached> reached) {
        this.nodes = nodes;
        this.reached = reached;
        for (Owner node : nodes) {
            NodeReached one = reached.get(node.node());
            long version = one == null ? NOTHING : one.version();
            if (version < lowest) {
                lowestOfOthers = lowest;
                lowest = version;
                last = node;
            } else {
                lowestOfOthers = Math.min(lowestOfOthers, version);
            }
            if (one != null && !one.failed().isEmpty()) {
                refused.put(node, one.failed());
            }
        }
    }

    /**
     * Who has not got what.
     *
     * @param node its name
     * @param reason why
     */
    record Late(NodeName node, String reason) {}

    /**
     * True when every node has it.
     *
     * @param but a node that is not asked: "cluster/node"
     * @param routes CIDRs whose routes none may have refused
     */
    boolean has(long revision, String but, Set<String> routes) {
        boolean lastAsked = last != null && !last.toString().equals(but);
        if ((lastAsked ? lowest : lowestOfOthers) < revision) {
            return false;
        }
        return refused.entrySet().stream()
                .noneMatch(e ->
                        !e.getKey().toString().equals(but) && routes.stream().anyMatch(e.getValue()::containsKey));
    }

    /** Those that have it not, sorted, at most so many; looks at every node. */
    List<Late> late(long revision, String but, Set<String> routes, int most) {
        List<Late> late = new ArrayList<>();
        for (Owner node : nodes) {
            if (late.size() < most && !node.toString().equals(but)) {
                why(node, revision, routes).ifPresent(reason -> late.add(new Late(node.node(), reason)));
            }
        }
        return late;
    }

    private Optional<String> why(Owner node, long revision, Set<String> routes) {
        NodeReached one = reached.get(node.node());
        if (one == null) {
            return Optional.of("not connected");
        }
        if (one.version() < revision) {
            return Optional.of("behind at revision " + one.version() + " (expected: " + revision + ")");
        }
        return routes.stream()
                .filter(one.failed()::containsKey)
                .findFirst()
                .map(route -> "route failed: " + route + ": " + one.failed().get(route));
    }
}
