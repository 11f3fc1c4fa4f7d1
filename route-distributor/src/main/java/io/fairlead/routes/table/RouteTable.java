package io.fairlead.routes.table;

import io.fairlead.contract.Cidr;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.VersionedTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The route of each pod CIDR, from what the store says of nodes. There is no table until a listing is complete. Owned by
 * one context.
 *
 * <p>Of nodes whose CIDRs overlap the own cluster's come first, then who claimed first (lower create revision).
 * A record that cannot be read changes nothing: what was read before stays.
 */
public final class RouteTable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RouteTable.class);

    private final NodeReader reader;
    // all owned by: the table's context
    private final Map<String, Known> byKey = new HashMap<>();
    private final Claims claims = new Claims();
    private final Map<String, String> unreadable = new TreeMap<>();
    private String epoch;
    private @Nullable VersionedTable<Cidr, Route> table;
    private long refused;

    /**
     * What is known of a record.
     *
     * @param value the last that could be read
     */
    private record Known(String value, List<Claim> claims) {}

    /**
     * Nothing known yet.
     *
     * @param epoch names the store's life
     */
    public RouteTable(NodeReader reader, String epoch) {
        this.reader = reader;
        this.epoch = epoch;
    }

    /**
     * Takes in what a watch said in one call.
     *
     * @return the new table when there is one that differs
     */
    public Optional<VersionedTable<Cidr, Route>> apply(List<WatchEvent> events) {
        long revision = 0;
        List<String> released = new ArrayList<>();
        boolean synced = false;
        for (WatchEvent event : events) {
            revision = Math.max(revision, event.revision());
            if (event instanceof WatchEvent.Put put) {
                put(put.entry());
            } else if (event instanceof WatchEvent.Delete delete) {
                released.add(delete.key());
                unreadable.remove(delete.key());
                forget(delete.key());
            } else {
                synced = true;
            }
        }
        if (!released.isEmpty()) {
            // one line however many there are: writing them would take longer than all else
            LOGGER.atInfo()
                    .addKeyValue("nodes", released.size())
                    .addKeyValue("first", released.get(0))
                    .addKeyValue("revision", revision)
                    .log("nodes released");
        }
        return settle(revision, synced);
    }

    private void put(KeyValue entry) {
        try {
            List<Claim> found = read(entry);
            unreadable.remove(entry.key());
            forget(entry.key());
            found.forEach(claims::add);
            byKey.put(entry.key(), new Known(entry.value(), found));
        } catch (IllegalArgumentException e) {
            refused++;
            unreadable.put(entry.key(), String.valueOf(e.getMessage()));
            LOGGER.atWarn()
                    .addKeyValue("key", entry.key())
                    .addKeyValue("revision", entry.modRevision())
                    .addKeyValue("error", e.getMessage())
                    .log("unreadable node record, what was known of the node stays");
        }
    }

    /** What was read before, when the same is said again, as heartbeats do. */
    private List<Claim> read(KeyValue entry) {
        Known known = byKey.get(entry.key());
        List<Claim> found = new ArrayList<>(2);
        if (known != null && known.value().equals(entry.value())) {
            for (Claim claim : known.claims()) {
                Route route = claim.route().at(entry.modRevision());
                found.add(new Claim(entry.key(), claim.own(), entry.createRevision(), route));
            }
            return found;
        }
        for (Route route : reader.read(entry)) {
            found.add(new Claim(entry.key(), reader.isOwn(route.cluster()), entry.createRevision(), route));
        }
        return found;
    }

    private void forget(String key) {
        Known known = byKey.remove(key);
        if (known != null) {
            known.claims().forEach(claims::remove);
        }
    }

    private Optional<VersionedTable<Cidr, Route>> settle(long revision, boolean synced) {
        VersionedTable<Cidr, Route> before = table;
        if (before == null && !synced) {
            return Optional.empty();
        }
        Map<Cidr, Optional<Claim>> settled = claims.settle();
        List<Change<Cidr, Route>> changes = before == null ? List.of() : changes(before, settled);
        VersionedTable<Cidr, Route> after;
        boolean sameLife = before != null && before.epoch().equals(epoch);
        if (before != null && sameLife && revision > before.version()) {
            after = before.apply(revision, changes);
        } else if (before != null && sameLife && changes.isEmpty() && (revision == before.version() || !synced)) {
            return Optional.empty();
        } else {
            if (before != null && sameLife) {
                // the store was put back to an older state: its revisions no longer compare with what nodes remember
                epoch = UUID.randomUUID().toString();
                LOGGER.atWarn()
                        .addKeyValue("version", before.version())
                        .addKeyValue("revision", revision)
                        .log("the store's revisions went back, every node gets all routes anew");
            }
            Map<Cidr, Route> all = new TreeMap<>();
            claims.forEachGranted((cidr, claim) -> all.put(cidr, claim.route()));
            after = VersionedTable.loaded(Comparator.naturalOrder(), epoch, revision, all);
        }
        table = after;
        return Optional.of(after);
    }

    private static List<Change<Cidr, Route>> changes(
            VersionedTable<Cidr, Route> before, Map<Cidr, Optional<Claim>> settled) {
        List<Change<Cidr, Route>> changes = new ArrayList<>();
        settled.forEach((cidr, claim) -> {
            Optional<Route> old = before.get(cidr);
            if (claim.isEmpty()) {
                changes.add(new Change.Remove<>(cidr));
            } else if (old.isEmpty() || !old.get().leadsTheSameWay(claim.get().route())) {
                changes.add(new Change.Upsert<>(cidr, claim.get().route()));
            }
        });
        return changes;
    }

    /**
     * The store's life has another name: its revisions do not compare with those before. The next {@link #apply} makes a
     * new table of all there is.
     */
    public void follow(String name) {
        epoch = name;
    }

    /** The present table; empty until a listing is complete. */
    public Optional<VersionedTable<Cidr, Route>> current() {
        return Optional.ofNullable(table);
    }

    /** CIDRs that several nodes claim, all or a part, sorted. */
    public List<Conflict> conflicts() {
        return claims.conflicts();
    }

    /** What is wrong with records whose last value could not be read, by key, and whether anything is served in its place. */
    public Map<String, String> unreadable() {
        Map<String, String> all = new TreeMap<>(unreadable);
        all.replaceAll((key, why) ->
                why + (isServed(key) ? "; served as last read" : "; no readable value known, served without it"));
        return all;
    }

    private boolean isServed(String key) {
        Known known = byKey.get(key);
        return known != null && !known.claims().isEmpty();
    }

    /** How many values could not be read so far. */
    public long refused() {
        return refused;
    }
}
