package io.fairlead.routes.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.NodeName;
import io.fairlead.kvstore.progress.NodeReached;
import io.fairlead.routes.table.Route;
import io.fairlead.runtime.stream.ConvergenceSummary;
import io.fairlead.runtime.stream.NodeLag;
import io.fairlead.runtime.stream.TableStreams;
import io.fairlead.runtime.stream.VersionedTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How far every node of the cluster is, at one moment: those with a stream here as this replica knows them, others as
 * their replica says. Never changes, so answers are made of it on any thread.
 *
 * @param table the present one
 * @param members sorted by name: nodes with a stream, and nodes of the own cluster with a route
 * @param took how long changes took from commit to the last node here, in nanoseconds by CIDR; those that are known
 * @param summary of all changes of late
 */
record ClusterView(
        VersionedTable<Cidr, Route> table,
        Map<NodeName, Member> members,
        Map<Cidr, Long> took,
        ConvergenceSummary summary) {

    /** Where a node gets its routes. */
    enum Serves {
        HERE,
        ANOTHER,
        NOBODY
    }

    /**
     * A node.
     *
     * @param replica that serves it, empty for none
     * @param version everything up to it is in the kernel but for what failed; 0 for unknown
     * @param current true when it lacks nothing
     * @param behindNanos since when it lacks something, 0 for unknown
     * @param waiting what it is waited for; empty when current
     * @param failed reasons by CIDR
     * @param medianNanos between a change and its acknowledgement, 0 for unknown
     */
    record Member(
            Serves serves,
            String replica,
            long version,
            boolean current,
            long behindNanos,
            String waiting,
            Map<String, String> failed,
            long medianNanos) {}

    /** What is known now. On the context of the streams. */
    static ClusterView of(
            VersionedTable<Cidr, Route> table,
            TableStreams<Cidr, Route> streams,
            Map<NodeName, NodeReached> others,
            RouteService.Replica replica) {
        Map<NodeName, Member> members = new TreeMap<>();
        Map<Cidr, Long> took = new HashMap<>();
        Set<NodeName> owners = new HashSet<>();
        for (VersionedTable.Entry<Cidr, Route> entry : table.entries()) {
            if (entry.value().cluster().equals(replica.cluster())) {
                owners.add(entry.value().node());
            }
            long nanos = streams.tookNanos(entry.changedAt());
            if (nanos >= 0) {
                took.put(entry.key(), nanos);
            }
        }
        Map<NodeName, NodeLag> here = new HashMap<>();
        streams.lags().forEach(lag -> here.put(lag.progress().node(), lag));
        Set<NodeName> all = new HashSet<>(owners);
        all.addAll(others.keySet());
        here.values().stream()
                .filter(lag -> lag.progress().connected())
                .forEach(lag -> all.add(lag.progress().node()));
        long newest = newestChange(table);
        for (NodeName node : all) {
            NodeLag lag = here.get(node);
            NodeReached reached = others.get(node);
            if (lag != null && (lag.progress().connected() || isOurs(reached, replica))) {
                members.put(node, here(lag, replica.name()));
            } else if (reached != null && !isOurs(reached, replica)) {
                members.put(node, elsewhere(reached, table, streams, newest));
            } else {
                members.put(node, nobody(table));
            }
        }
        return new ClusterView(table, members, took, streams.convergence());
    }

    private static boolean isOurs(@Nullable NodeReached reached, RouteService.Replica replica) {
        return reached == null || reached.replica().equals(replica.name());
    }

    /**
     * The revision that every node must have reached. A table that was loaded counts all as changed by the listing, which
     * other replicas' nodes need not have seen: there, the records' own revisions count.
     */
    private static long newestChange(VersionedTable<Cidr, Route> table) {
        if (table.changedAt() > table.floor()) {
            return table.changedAt();
        }
        long newest = 0;
        for (VersionedTable.Entry<Cidr, Route> entry : table.entries()) {
            newest = Math.max(newest, entry.value().revision());
        }
        return newest;
    }

    private static Member here(NodeLag lag, String replica) {
        boolean connected = lag.progress().connected();
        return new Member(
                connected ? Serves.HERE : Serves.NOBODY,
                connected ? replica : "",
                lag.progress().version(),
                lag.current(),
                lag.behindNanos(),
                lag.waiting(),
                lag.progress().failed(),
                lag.medianNanos());
    }

    private static Member elsewhere(
            NodeReached reached, VersionedTable<Cidr, Route> table, TableStreams<Cidr, Route> streams, long newest) {
        boolean comparable = reached.epoch().equals(table.epoch());
        boolean current = comparable && reached.version() >= reached.current() && reached.version() >= newest;
        String waiting = "";
        if (!current) {
            waiting = comparable && reached.current() >= newest
                    ? "has not acknowledged version " + reached.current()
                    : "its replica has not seen version " + newest + " yet";
        }
        return new Member(
                Serves.ANOTHER,
                reached.replica(),
                comparable ? reached.version() : 0,
                current,
                current || !comparable ? 0 : streams.lackingNanos(reached.version()),
                waiting,
                reached.failed(),
                0);
    }

    private static Member nobody(VersionedTable<Cidr, Route> table) {
        return new Member(Serves.NOBODY, "", 0, table.size() == 0, 0, "no stream", Map.of(), 0);
    }

    /** Names of the nodes with a stream, on any replica. */
    List<String> connected() {
        List<String> names = new ArrayList<>();
        members.forEach((node, member) -> {
            if (member.serves() != Serves.NOBODY) {
                names.add(node.value());
            }
        });
        return names;
    }

    /** Whether a node has a route in its kernel. */
    static boolean has(Member member, VersionedTable.Entry<Cidr, Route> entry, long floor) {
        boolean byListing = entry.changedAt() <= floor && member.serves() == Serves.ANOTHER;
        return member.version() >= (byListing ? entry.value().revision() : entry.changedAt());
    }
}
