package io.fairlead.identity.stream;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.identity.policy.Nodes;
import io.fairlead.kvstore.progress.NodeReached;
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
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The nodes the store names for this cluster, and what they have acknowledged, on their streams here or at other replicas.
 *
 * <p>Looks again and again while somebody waits, and does nothing while nobody does. What nodes say here is known at once;
 * what they say to another replica a few milliseconds later.
 */
public final class ClusterNodes implements Nodes {
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration SLOWEST_LOOK = Duration.ofMillis(50);

    private final ClusterName cluster;
    private final Consumer<Runnable> owner;
    private final Timers timers;
    private final TableStreams<TableKey, TableValue> streams;
    private final Known known;

    /**
     * What is known of nodes besides the streams here.
     *
     * @param members nodes the store names, of all clusters; asked on the owner's context
     * @param elsewhere what all replicas say of theirs
     */
    record Known(Supplier<Set<NodeKey>> members, Supplier<Map<NodeName, NodeReached>> elsewhere) {}

    /**
     * Nodes of a cluster.
     *
     * @param owner runs actions on the context that owns {@code streams}
     */
    ClusterNodes(
            ClusterName cluster,
            Consumer<Runnable> owner,
            Timers timers,
            TableStreams<TableKey, TableValue> streams,
            Known known) {
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
        Map<NodeName, NodeReached> elsewhere = known.elsewhere().get();
        List<Late> late = new ArrayList<>();
        Set<NodeName> all = members();
        for (NodeName node : all) {
            String reason =
                    reason(Optional.ofNullable(seen.get(node)), Optional.ofNullable(elsewhere.get(node)), revision);
            if (!reason.isEmpty()) {
                late.add(new Late(node.value(), reason));
            }
        }
        return new Progress(all.size(), late);
    }

    /**
     * The revision up to which every node has everything. Nodes of this cluster that are not connected have nothing; those
     * of others count as far as a replica serves them.
     */
    public Future<Long> reachedByAll() {
        Promise<Long> reached = Promise.promise();
        owner.accept(() -> {
            Map<NodeName, Long> versions = new HashMap<>();
            members().forEach(node -> versions.put(node, 0L));
            known.elsewhere().get().forEach((node, there) -> versions.put(node, there.version()));
            // connected here: fresher than what this replica has written of it
            streams.progress().stream()
                    .filter(NodeProgress::connected)
                    .forEach(node -> versions.put(node.node(), node.version()));
            reached.complete(
                    versions.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE));
        });
        return reached.future();
    }

    private Set<NodeName> members() {
        Set<NodeName> all = new TreeSet<>();
        known.members().get().stream()
                .filter(node -> node.cluster().equals(cluster))
                .forEach(node -> all.add(node.node()));
        return all;
    }

    /** Why a node is late; empty when it is not. */
    private static String reason(Optional<NodeProgress> here, Optional<NodeReached> there, long revision) {
        if (here.isPresent() && here.get().connected()) {
            return reason(here.get().version(), here.get().failed(), revision);
        }
        if (there.isPresent()) {
            return reason(there.get().version(), there.get().failed(), revision);
        }
        return here.isPresent() ? "not connected" : "not subscribed at any replica";
    }

    private static String reason(long version, Map<String, String> failed, long revision) {
        if (version < revision) {
            return version == 0
                    ? "has not acknowledged anything yet"
                    : "is at revision " + version + " (expected: " + revision + ")";
        }
        return String.join("; ", new TreeSet<>(failed.values()));
    }
}
