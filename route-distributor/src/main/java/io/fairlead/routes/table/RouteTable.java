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
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The route of each pod CIDR, from what the store says of nodes. There is no table until a listing is complete. Owned by
 * one context.
 *
 * <p>Of several nodes that claim one CIDR the own cluster's come first, then who claimed first (lower create revision).
 * A record that cannot be read changes nothing: what was read before stays.
 */
public final class RouteTable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RouteTable.class);

    private final NodeReader reader;
    // all owned by: the table's context
    private final Map<String, List<Claim>> byKey = new HashMap<>();
    private final Map<Cidr, TreeSet<Claim>> byCidr = new TreeMap<>();
    private final Set<Cidr> touched = new TreeSet<>();
    private final Map<String, String> unreadable = new TreeMap<>();
    private final Set<Cidr> disputed = new TreeSet<>();
    private String epoch;
    private @Nullable VersionedTable<Cidr, Route> table;
    private long refused;

    private record Claim(String key, boolean own, long createRevision, Route route) implements Comparable<Claim> {
        private static final Comparator<Claim> ORDER = Comparator.comparing((Claim c) -> !c.own())
                .thenComparingLong(Claim::createRevision)
                .thenComparing(Claim::key);

        @Override
        public int compareTo(Claim other) {
            return ORDER.compare(this, other);
        }
    }

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
        boolean synced = false;
        for (WatchEvent event : events) {
            revision = Math.max(revision, event.revision());
            if (event instanceof WatchEvent.Put put) {
                put(put.entry());
            } else if (event instanceof WatchEvent.Delete delete) {
                LOGGER.atInfo().addKeyValue("key", delete.key()).log("node released");
                unreadable.remove(delete.key());
                replace(delete.key(), List.of());
            } else {
                synced = true;
            }
        }
        return settle(revision, synced);
    }

    private void put(KeyValue entry) {
        try {
            List<Claim> claims = new ArrayList<>();
            for (Route route : reader.read(entry)) {
                claims.add(new Claim(entry.key(), reader.isOwn(route.cluster()), entry.createRevision(), route));
            }
            unreadable.remove(entry.key());
            replace(entry.key(), claims);
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

    private void replace(String key, List<Claim> claims) {
        for (Claim old : byKey.getOrDefault(key, List.of())) {
            Cidr cidr = old.route().cidr();
            touched.add(cidr);
            byCidr.computeIfPresent(cidr, (c, all) -> all.remove(old) && all.isEmpty() ? null : all);
        }
        for (Claim claim : claims) {
            touched.add(claim.route().cidr());
            byCidr.computeIfAbsent(claim.route().cidr(), c -> new TreeSet<>()).add(claim);
        }
        if (claims.isEmpty()) {
            byKey.remove(key);
        } else {
            byKey.put(key, claims);
        }
    }

    private Optional<VersionedTable<Cidr, Route>> settle(long revision, boolean synced) {
        touched.forEach(this::noteDispute);
        VersionedTable<Cidr, Route> before = table;
        if (before == null && !synced) {
            return Optional.empty();
        }
        List<Change<Cidr, Route>> changes = before == null ? List.of() : changes(before);
        touched.clear();
        VersionedTable<Cidr, Route> after;
        if (before != null && revision > before.version()) {
            after = before.apply(revision, changes);
        } else if (before != null && changes.isEmpty() && (revision == before.version() || !synced)) {
            return Optional.empty();
        } else {
            if (before != null) {
                // the store was put back to an older state: its revisions no longer compare with what nodes remember
                epoch = UUID.randomUUID().toString();
                LOGGER.atWarn()
                        .addKeyValue("version", before.version())
                        .addKeyValue("revision", revision)
                        .log("the store's revisions went back, every node gets all routes anew");
            }
            after = VersionedTable.loaded(Comparator.naturalOrder(), epoch, revision, winners());
        }
        table = after;
        return Optional.of(after);
    }

    private List<Change<Cidr, Route>> changes(VersionedTable<Cidr, Route> before) {
        List<Change<Cidr, Route>> changes = new ArrayList<>();
        for (Cidr cidr : touched) {
            TreeSet<Claim> claims = byCidr.get(cidr);
            Optional<Route> old = before.get(cidr);
            if (claims == null) {
                changes.add(new Change.Remove<>(cidr));
            } else if (old.isEmpty()
                    || !old.get().leadsTheSameWay(claims.first().route())) {
                changes.add(new Change.Upsert<>(cidr, claims.first().route()));
            }
        }
        return changes;
    }

    private Map<Cidr, Route> winners() {
        Map<Cidr, Route> winners = new TreeMap<>();
        byCidr.forEach((cidr, claims) -> winners.put(cidr, claims.first().route()));
        return winners;
    }

    private void noteDispute(Cidr cidr) {
        TreeSet<Claim> claims = byCidr.get(cidr);
        if (claims == null || claims.size() == 1) {
            disputed.remove(cidr);
            return;
        }
        disputed.add(cidr);
        LOGGER.atError()
                .addKeyValue("cidr", cidr)
                .addKeyValue("winner", claims.first().key())
                .addKeyValue("claims", claims.stream().map(Claim::key).toList())
                .log("several nodes have one pod CIDR");
    }

    /** The present table; empty until a listing is complete. */
    public Optional<VersionedTable<Cidr, Route>> current() {
        return Optional.ofNullable(table);
    }

    /** CIDRs that several nodes claim, sorted. */
    public List<Conflict> conflicts() {
        return disputed.stream()
                .map(cidr -> {
                    List<Route> routes = byCidr.getOrDefault(cidr, new TreeSet<>()).stream()
                            .map(Claim::route)
                            .toList();
                    return new Conflict(cidr, routes.get(0), routes.subList(1, routes.size()));
                })
                .toList();
    }

    /** What is wrong with records whose last value could not be read, by key. */
    public Map<String, String> unreadable() {
        return Map.copyOf(unreadable);
    }

    /** How many values could not be read so far. */
    public long refused() {
        return refused;
    }
}
