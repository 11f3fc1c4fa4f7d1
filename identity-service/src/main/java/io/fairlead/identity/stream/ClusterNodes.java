package io.fairlead.identity.stream;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.identity.policy.Nodes;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.stream.NodeProgress;
import io.fairlead.runtime.stream.TableStreams;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The nodes the store names for this cluster, and what they have acknowledged on their streams here.
 *
 * <p>Looks at the streams' state again and again while somebody waits: acknowledgements come on the same context, so nothing
 * is missed, and nothing is done while nobody waits. A node whose stream is another replica's is not known to be there.
 */
final class ClusterNodes implements Nodes {
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration SLOWEST_LOOK = Duration.ofMillis(50);

    private final ClusterName cluster;
    private final Consumer<Runnable> owner;
    private final Timers timers;
    private final TableStreams<TableKey, TableValue> streams;
    private final Supplier<Set<NodeKey>> known;

    /**
     * Nodes of a cluster.
     *
     * @param owner runs actions on the context that owns {@code streams} and {@code known}
     * @param known nodes the store names, of all clusters
     */
    ClusterNodes(
            ClusterName cluster,
            Consumer<Runnable> owner,
            Timers timers,
            TableStreams<TableKey, TableValue> streams,
            Supplier<Set<NodeKey>> known) {
        this.cluster = cluster;
        this.owner = owner;
        this.timers = timers;
        this.streams = streams;
        this.known = known;
    }

    @Override
    public Future<Progress> reach(long revision, Duration wait) {
        Promise<Progress> reached = Promise.promise();
        long end = timers.nanoTime() + wait.toNanos();
        owner.accept(() -> look(revision, end, LOOK, reached));
        return reached.future();
    }

    private void look(long revision, long end, Duration pause, Promise<Progress> reached) {
        Progress progress = progress(revision);
        long left = end - timers.nanoTime();
        if (progress.late().isEmpty() || left <= 0) {
            reached.complete(progress);
            return;
        }
        Duration next = pause.toNanos() < left ? pause : Duration.ofNanos(left);
        Duration slower = pause.multipliedBy(3).dividedBy(2);
        timers.after(
                next,
                () -> owner.accept(() ->
                        look(revision, end, slower.compareTo(SLOWEST_LOOK) > 0 ? SLOWEST_LOOK : slower, reached)));
    }

    private Progress progress(long revision) {
        Map<NodeName, NodeProgress> seen = new HashMap<>();
        streams.progress().forEach(node -> seen.put(node.node(), node));
        List<Late> late = new ArrayList<>();
        Set<NodeName> all = new TreeSet<>();
        known.get().stream().filter(node -> node.cluster().equals(cluster)).forEach(node -> all.add(node.node()));
        for (NodeName node : all) {
            NodeProgress progress = seen.get(node);
            String reason = progress == null ? "subscribed elsewhere or not at all" : reason(progress, revision);
            if (!reason.isEmpty()) {
                late.add(new Late(node.value(), reason));
            }
        }
        return new Progress(all.size(), late);
    }

    /** Why a node is late; empty when it is not. */
    private static String reason(NodeProgress node, long revision) {
        if (!node.connected()) {
            return "not connected";
        }
        if (node.version() < revision) {
            return node.version() == 0
                    ? "has not acknowledged anything yet"
                    : "is at revision " + node.version() + " (expected: " + revision + ")";
        }
        return String.join("; ", new TreeSet<>(node.failed().values()));
    }
}
