package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.ipam.pool.BlockTable;
import io.fairlead.ipam.pool.Pools;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the store's watch says is taken: claims of this service, CIDRs in node records whoever wrote them, and what was given
 * back but is withheld. Also the pools.
 *
 * <p>It may lag behind; it proposes, the transaction decides. Everything is seen in the store's order, so whoever sees a
 * withdrawal here sees every node there was. Called by the store's thread and by requests; no question looks at all nodes.
 */
public final class Occupancy implements AutoCloseable {
    private final IpamKeys keys;
    // guarded by: this
    private final Holdings holdings;
    // guarded by: this
    private final PoolTables tables;
    // guarded by: this
    private final PoolsView pools = new PoolsView();
    // Who waits to see a revision. guarded by: this
    private final NavigableMap<Long, Promise<Void>> awaited = new TreeMap<>();
    // guarded by: this
    private long revision;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Promise<Void> synced = Promise.promise();
    private final Watch watch;

    /** Starts to watch; complete once {@link #synced()} is. */
    public Occupancy(KvStore store, IpamKeys keys) {
        this.keys = keys;
        this.holdings = new Holdings(keys, this::take, this::release);
        this.tables = new PoolTables(holdings::cidrs);
        this.watch = store.watch(List.of(keys.claims(), keys.nodes()), this::onEvents);
    }

    /** Completes when everything the store held has been seen. */
    public Future<Void> synced() {
        return synced.future();
    }

    /** Completes when a change of this revision, which must be one of nodes, claims or pools, has been seen. */
    synchronized Future<Void> reached(long wanted) {
        return revision >= wanted
                ? Future.succeededFuture()
                : awaited.computeIfAbsent(wanted, r -> Promise.promise()).future();
    }

    /** Calls an action after each change, on the store's thread; it must not block. */
    public void onChange(Runnable action) {
        listeners.add(action);
    }

    /** How often a record was read that could not be understood. */
    public synchronized long unreadableEvents() {
        return holdings.unreadableEvents();
    }

    public synchronized Pools pools() {
        return tables.pools();
    }

    /** How full the pools are, for people. */
    public synchronized String text() {
        List<String> texts = new ArrayList<>();
        tables.pools().all().forEach(pool -> texts.add("pool " + pool.name() + ": " + usage(pool.name())));
        texts.add(holdings.claimants() + " nodes registered");
        texts.addAll(holdings.troubles());
        texts.addAll(pools.troubles());
        return String.join("; ", texts);
    }

    /** How full a family of a pool is. */
    public synchronized Usage usage(String pool, Ip.Family family) {
        Optional<BlockTable> table = tables.get(pool, family);
        if (table.isEmpty()) {
            return new Usage(0, 0, 0);
        }
        long withheld = holdings.withheld().stream()
                .filter(w -> w.cidr().family() == family)
                .filter(w -> table.get().pool().cidrs().stream().anyMatch(c -> c.overlaps(w.cidr())))
                .count();
        long busy = table.get().takenBlocks();
        return new Usage(table.get().pool().size(), Math.max(0, busy - withheld), withheld);
    }

    /**
     * Numbers of blocks, 2^62 for more than that.
     *
     * @param blocks all there are
     * @param taken those that nodes have
     * @param withheld those given back that are not given out yet
     */
    public record Usage(long blocks, long taken, long withheld) {
        public long free() {
            return Math.max(0, blocks - taken - withheld);
        }
    }

    /**
     * Finds a free block and keeps it from other requests of this process until {@link #unreserve}.
     *
     * @param skip free blocks to pass over, 0 for the lowest one
     * @param avoid blocks known to be taken by now
     */
    synchronized Optional<Cidr> reserve(String pool, Ip.Family family, long skip, Set<Cidr> avoid) {
        Optional<BlockTable> table = tables.get(pool, family);
        if (table.isEmpty()) {
            return Optional.empty();
        }
        avoid.forEach(table.get()::take);
        Optional<Cidr> free = table.get().nextFree(skip);
        avoid.forEach(table.get()::release);
        free.ifPresent(holdings::reserve);
        return free;
    }

    synchronized void unreserve(Cidr block) {
        holdings.unreserve(block);
    }

    /** Who else has something, and which key of the store says so. */
    record Held(String key, String holder) {}

    /** A node, other than {@code owner}, whose record or claim shares an address with a CIDR; {@code but} keys do not count. */
    synchronized Optional<Held> otherHolder(Cidr cidr, Owner owner, Set<String> but) {
        return holdings.otherHolder(cidr, owner, but);
    }

    /** A node, other than {@code owner}, whose record has this address as a node address; {@code but} keys do not count. */
    synchronized Optional<Held> otherUser(Ip ip, Owner owner, Set<String> but) {
        return holdings.otherUser(ip, owner, but);
    }

    /** A node of another cluster that has the same name; {@code but} keys do not count. */
    synchronized Optional<Held> namesake(Owner owner, Set<String> but) {
        return holdings.namesake(owner, but);
    }

    /** A node address inside a CIDR, and whose it is. */
    synchronized Optional<Map.Entry<Ip, String>> addressIn(Cidr cidr) {
        return holdings.addressIn(cidr);
    }

    /** True when there is a claim or a record of a node. */
    synchronized boolean knows(Owner owner) {
        return holdings.knows(owner);
    }

    /** Whether anything is withheld. */
    synchronized boolean withholds() {
        return !holdings.withheld().isEmpty();
    }

    /** A record key whose CIDR is not known: it cannot be read, never could, and no claim says what the node holds. */
    synchronized Optional<String> unknownHolder() {
        return holdings.unknownHolder();
    }

    /** The blocks that are kept under a node's name, whatever its claim says; looks at all of them. */
    synchronized List<Cidr> claimed(Owner owner) {
        return holdings.claimed(owner);
    }

    /** Node addresses that are kept under a node's name, likewise. */
    synchronized List<Ip> addresses(Owner owner) {
        return holdings.addresses(owner);
    }

    /** What a record said when it could last be read. */
    synchronized List<Cidr> lastKnown(Owner owner) {
        return holdings.held(keys.record(owner));
    }

    /** A block of a pool that this node itself gave back, which it may have again at once. */
    synchronized Optional<Cidr> ownWithheld(Owner owner, String pool, Ip.Family family, Set<Cidr> but) {
        Optional<BlockTable> table = tables.get(pool, family);
        return table.flatMap(t -> holdings.withheldOf(owner).stream()
                .filter(cidr -> !but.contains(cidr) && t.pool().isBlock(cidr))
                .findFirst());
    }

    /** The value of a block's withheld key when that is this node's own. */
    synchronized Optional<String> ownWithheld(Owner owner, Cidr cidr) {
        return holdings.withheldOf(owner).contains(cidr)
                ? Optional.of(Withheld.text(owner.toString()))
                : Optional.empty();
    }

    /** The nodes and what is withheld, as of one revision. */
    synchronized View view() {
        return new View(holdings.nodes(), List.copyOf(holdings.withheld()));
    }

    /**
     * Both as of one revision.
     *
     * @param nodes every node with a record, readable or not
     */
    record View(List<Owner> nodes, List<Withheld> withheld) {}

    @Override
    public void close() {
        watch.close();
    }

    private String usage(String pool) {
        List<String> texts = new ArrayList<>();
        tables.pools()
                .get(pool)
                .ifPresent(p -> p.families().forEach((family, blocks) -> {
                    Usage usage = usage(pool, family);
                    texts.add(blocks + ", " + usage.taken() + " of " + usage.blocks() + " blocks taken, "
                            + usage.withheld() + " withheld");
                }));
        return String.join("; ", texts);
    }

    private void take(Cidr cidr) {
        tables.take(cidr);
    }

    private void release(Cidr cidr) {
        tables.release(cidr);
    }

    private void onEvents(List<WatchEvent> events) {
        boolean complete = false;
        List<Promise<Void>> seen = new ArrayList<>();
        synchronized (this) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Put put) {
                    String key = put.entry().key();
                    if (!pools.put(keys, key, put.entry().value())) {
                        holdings.put(put.entry());
                    }
                } else if (event instanceof WatchEvent.Delete delete) {
                    pools.delete(keys, delete.key());
                    holdings.delete(delete.key());
                } else {
                    complete = true;
                }
                revision = Math.max(revision, event.revision());
            }
            if (pools.pools() != tables.pools()) {
                tables.change(pools.pools());
            }
            Map<Long, Promise<Void>> done = awaited.headMap(revision, true);
            seen.addAll(done.values());
            done.clear();
        }
        seen.forEach(Promise::tryComplete);
        if (complete) {
            synced.tryComplete();
        }
        listeners.forEach(Runnable::run);
    }
}
