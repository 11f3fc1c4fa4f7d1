package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.pool.BlockTable;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store's watches say is taken: claims of this service, and CIDRs in node records whoever wrote them.
 *
 * <p>It may lag behind; it proposes, the transaction decides. Called by the store's thread and by requests.
 */
public final class Occupancy implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Occupancy.class);

    private final IpamKeys keys;
    // guarded by: this
    private final BlockTable table;
    // What each key of the store has taken. guarded by: this
    private final Map<String, Holding> taken = new HashMap<>();
    // Node addresses of each record key whose value was ever readable. guarded by: this
    private final Map<String, Set<Ip>> ownAddresses = new HashMap<>();
    // Record keys whose present value cannot be read. guarded by: this
    private final Set<String> unreadable = new TreeSet<>();
    // Owners with a claim of this service, as text. guarded by: this
    private final Set<String> claimants = new HashSet<>();
    // guarded by: this
    private long unreadableEvents;

    private final List<Watch> watches = new ArrayList<>();
    private final Future<Void> synced;

    /** Starts to watch; complete once {@link #synced()} is. */
    public Occupancy(KvStore store, IpamKeys keys, ClusterPool pool) {
        this.keys = keys;
        this.table = new BlockTable(pool);
        Promise<Void> claims = Promise.promise();
        Promise<Void> nodes = Promise.promise();
        watches.add(store.watch(keys.claims(), events -> onEvents(events, claims)));
        watches.add(store.watch(keys.nodes(), events -> onEvents(events, nodes)));
        this.synced = Future.all(claims.future(), nodes.future()).mapEmpty();
    }

    /** Completes when everything the store held has been seen. */
    public Future<Void> synced() {
        return synced;
    }

    /** How often a record was read that could not be understood. */
    public synchronized long unreadableEvents() {
        return unreadableEvents;
    }

    /** How full the pool is, for people. */
    public synchronized String text() {
        return table.takenBlocks() + " blocks taken, " + claimants.size() + " nodes registered"
                + (unreadable.isEmpty() ? "" : ", unreadable: " + String.join(" ", unreadable));
    }

    /**
     * Finds a free block and keeps it from other requests of this process until {@link #unreserve}.
     *
     * @param start number of the block to start at, 0 for the lowest free one
     * @param avoid blocks known to be taken by now
     */
    synchronized Optional<Cidr> reserve(int start, Set<Cidr> avoid) {
        avoid.forEach(table::take);
        Optional<Cidr> free = table.nextFree(start);
        avoid.forEach(table::release);
        free.ifPresent(table::take);
        return free;
    }

    synchronized void unreserve(Cidr block) {
        table.release(block);
    }

    synchronized long takenBlocks() {
        return table.takenBlocks();
    }

    /** A node, other than {@code owner}, whose record or claim shares an address with a CIDR. */
    synchronized Optional<String> otherHolder(Cidr cidr, Owner owner) {
        return taken.values().stream()
                .filter(h -> h.cidrs.stream().anyMatch(cidr::overlaps))
                .map(Holding::holder)
                .filter(holder -> !holder.equals(owner.toString()))
                .findFirst();
    }

    /** A node, other than {@code owner}, whose record has this address as a node address. */
    synchronized Optional<String> otherUser(Ip ip, Owner owner) {
        return ownAddresses.entrySet().stream()
                .filter(e -> e.getValue().contains(ip))
                .map(e -> e.getKey().substring(keys.nodes().length()))
                .filter(user -> !user.equals(owner.toString()))
                .findFirst();
    }

    /** A record key whose CIDR is not known: it cannot be read, never could, and no claim says what the node holds. */
    synchronized Optional<String> unknownHolder() {
        return unreadable.stream()
                .filter(key -> !ownAddresses.containsKey(key))
                .filter(key -> !claimants.contains(key.substring(keys.nodes().length())))
                .findFirst();
    }

    @Override
    public void close() {
        watches.forEach(Watch::close);
    }

    private void onEvents(List<WatchEvent> events, Promise<Void> whenSynced) {
        boolean complete = false;
        synchronized (this) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Put put) {
                    put(put.entry().key(), put.entry().value());
                } else if (event instanceof WatchEvent.Delete delete) {
                    forget(delete.key());
                } else {
                    complete = true;
                }
            }
        }
        if (complete) {
            whenSynced.tryComplete();
        }
    }

    private void put(String key, String value) {
        if (key.startsWith(keys.blocks())) {
            try {
                replace(
                        key,
                        new Holding(
                                value,
                                List.of(Cidr.parse(key.substring(keys.blocks().length())))));
            } catch (IllegalArgumentException e) {
                LOGGER.atWarn().addKeyValue("key", key).log("Claim of something that is no CIDR");
            }
        } else if (key.startsWith(keys.nodeClaims())) {
            claimants.add(key.substring(keys.nodeClaims().length()));
        } else if (key.startsWith(keys.nodes())) {
            putRecord(key, value);
        }
    }

    private void putRecord(String key, String value) {
        try {
            NodeRecord node = NodeRecord.decode(value);
            unreadable.remove(key);
            ownAddresses.put(key, RecordWriter.ownAddresses(node));
            replace(key, new Holding(key.substring(keys.nodes().length()), RecordWriter.podCidrs(node)));
        } catch (IllegalArgumentException e) {
            // What it held before stays taken: the node may well go on using it.
            unreadable.add(key);
            unreadableEvents++;
            LOGGER.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("reason", e.getMessage())
                    .log("Node record cannot be read");
        }
    }

    private void forget(String key) {
        drop(key);
        ownAddresses.remove(key);
        unreadable.remove(key);
        if (key.startsWith(keys.nodeClaims())) {
            claimants.remove(key.substring(keys.nodeClaims().length()));
        }
    }

    private void replace(String key, Holding holding) {
        drop(key);
        taken.put(key, holding);
        holding.cidrs.forEach(table::take);
    }

    private void drop(String key) {
        Holding before = taken.remove(key);
        if (before != null) {
            before.cidrs.forEach(table::release);
        }
    }

    /** Who has what a key of the store takes: "cluster/node". */
    private record Holding(String holder, List<Cidr> cidrs) {}
}
