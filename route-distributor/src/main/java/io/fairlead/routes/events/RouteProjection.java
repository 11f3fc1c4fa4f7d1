package io.fairlead.routes.events;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.events.EventKind;
import io.fairlead.events.source.Change;
import io.fairlead.events.source.Projection;
import io.fairlead.events.source.StateSource;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.routes.table.NodeReader;
import io.fairlead.routes.table.Route;
import io.fairlead.routes.table.RouteTable;
import io.fairlead.runtime.stream.VersionedTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says which CIDR has which next hop, from what the store says of nodes. For one watch, on one thread. */
public final class RouteProjection implements Projection {
    private final RouteTable table;
    // owned by: the thread of the watch; null until a listing is complete
    private @Nullable VersionedTable<Cidr, Route> told;

    private RouteProjection(NodeReader reader) {
        table = new RouteTable(reader, "events");
    }

    /** The events of routes. */
    public static StateSource source(NodeReader reader) {
        return new StateSource(EventKind.ROUTE, List.of(reader.keys().nodes()), () -> new RouteProjection(reader));
    }

    @Override
    public List<Change> apply(List<WatchEvent> events) {
        List<Change> changes = new ArrayList<>();
        if (events.stream().anyMatch(event -> event instanceof WatchEvent.Synced)) {
            take(events, changes);
            return changes;
        }
        // one revision at a time, so that every replica gives a change the same one
        int from = 0;
        for (int i = 1; i <= events.size(); i++) {
            if (i == events.size()
                    || events.get(i).revision() != events.get(from).revision()) {
                take(events.subList(from, i), changes);
                from = i;
            }
        }
        return changes;
    }

    private void take(List<WatchEvent> events, List<Change> changes) {
        Optional<VersionedTable<Cidr, Route>> next = table.apply(events);
        if (next.isPresent()) {
            VersionedTable<Cidr, Route> before = told;
            told = next.get();
            compare(before, next.get(), changes);
        }
    }

    private static void compare(
            @Nullable VersionedTable<Cidr, Route> before, VersionedTable<Cidr, Route> now, List<Change> changes) {
        boolean follows = before != null && before.epoch().equals(now.epoch());
        var diff = follows
                ? now.diff(before.version())
                : Optional.<List<io.fairlead.runtime.stream.Change<Cidr, Route>>>empty();
        if (diff.isPresent()) {
            diff.get()
                    .forEach(change -> changes.add(
                            change instanceof io.fairlead.runtime.stream.Change.Upsert<Cidr, Route> upsert
                                    ? there(upsert.value(), now.version())
                                    : new Change.Delete(change.key().toString(), now.version())));
            return;
        }
        now.entries()
                .forEach(entry -> changes.add(there(entry.value(), entry.value().revision())));
        if (before != null) {
            before.entries().stream()
                    .filter(entry -> now.get(entry.key()).isEmpty())
                    .forEach(entry -> changes.add(new Change.Delete(entry.key().toString(), now.version())));
        }
    }

    private static Change there(Route route, long revision) {
        ObjectNode detail = JsonNodeFactory.instance.objectNode();
        detail.put("cidr", route.cidr().toString());
        detail.put("nextHop", route.nextHop().toString());
        detail.put("node", route.node().value());
        detail.put("nodeCluster", route.cluster().value());
        return new Change.Upsert(route.cidr().toString(), revision, detail);
    }
}
