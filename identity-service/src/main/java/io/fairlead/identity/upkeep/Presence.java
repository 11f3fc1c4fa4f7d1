package io.fairlead.identity.upkeep;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which nodes there are, by their records and claims, and since when others are gone. Proposes only: who removes something
 * demands in the same transaction that record and claim are missing. Any thread may ask.
 */
final class Presence implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Presence.class);

    private final Realm realm;
    private final LongSupplier clock;
    private final Runnable onRelease;
    // Empty for one that cannot be read. guarded by: this
    private final Map<NodeKey, Optional<NodeRecord>> records = new HashMap<>();
    // guarded by: this
    private final Set<NodeKey> claims = new HashSet<>();
    // Addresses a node had in its last record, until it comes back or is forgotten. guarded by: this
    private final Map<NodeKey, Set<Ip>> addresses = new HashMap<>();
    // When nodes were first missed, by the clock. guarded by: this
    private final Map<NodeName, Gone> gone = new HashMap<>();
    // As above, for addresses; with the node, when its release was seen. guarded by: this
    private final Map<Ip, Gone> goneHosts = new HashMap<>();

    private final Promise<Void> recordsSynced = Promise.promise();
    private final Promise<Void> claimsSynced = Promise.promise();
    private final List<Watch> watches;

    /**
     * Something that is gone.
     *
     * @param since by the clock, in ns
     * @param node whose release was seen, if one was
     */
    record Gone(long since, Optional<NodeKey> node) {}

    /**
     * Starts to watch.
     *
     * @param onRelease called on the store's thread when a node has gone
     */
    Presence(Realm realm, LongSupplier clock, Runnable onRelease) {
        this.realm = realm;
        this.clock = clock;
        this.onRelease = onRelease;
        this.watches = List.of(
                realm.store().watch(realm.keys().nodes(), events -> onEvents(events, recordsSynced)),
                realm.store().watch(Realm.CLAIMS, events -> onEvents(events, claimsSynced)));
    }

    Future<Void> synced() {
        return Future.all(recordsSynced.future(), claimsSynced.future()).mapEmpty();
    }

    /** True when a cluster has a node of this name. */
    synchronized boolean has(NodeName node) {
        return records.keySet().stream().anyMatch(key -> key.node().equals(node))
                || claims.stream().anyMatch(key -> key.node().equals(node));
    }

    /** The names there are. */
    synchronized Set<NodeName> names() {
        Set<NodeName> all = new TreeSet<>();
        records.keySet().forEach(key -> all.add(key.node()));
        claims.forEach(key -> all.add(key.node()));
        return all;
    }

    /** Whose address each is; nobody's when two nodes have it. */
    synchronized Map<Ip, Optional<NodeKey>> hosts() {
        Map<Ip, Optional<NodeKey>> all = new HashMap<>();
        records.forEach((key, record) -> record.ifPresent(node -> node.addresses()
                .forEach(address ->
                        all.merge(address.ip(), Optional.of(key), (a, b) -> a.equals(b) ? a : Optional.empty()))));
        return all;
    }

    /** Where pods of nodes live; empty when it is not known of every node. */
    synchronized Optional<List<Cidr>> podCidrs() {
        boolean known = records.values().stream().allMatch(Optional::isPresent)
                && records.keySet().containsAll(claims);
        return known
                ? Optional.of(records.values().stream()
                        .flatMap(record -> record.orElseThrow().networks().podCidrs().stream())
                        .toList())
                : Optional.empty();
    }

    /** How long a name has been missed; begins now if it was not. */
    synchronized Gone missed(NodeName node) {
        return gone.computeIfAbsent(node, ignored -> new Gone(clock.getAsLong(), Optional.empty()));
    }

    /** How long a host address has been missed; begins now if it was not. */
    synchronized Gone missed(Ip host) {
        return goneHosts.computeIfAbsent(host, ignored -> new Gone(clock.getAsLong(), Optional.empty()));
    }

    /** When a host address was missed, if its node's release was seen. */
    synchronized Optional<Gone> released(Ip host) {
        return Optional.ofNullable(goneHosts.get(host)).filter(it -> it.node().isPresent());
    }

    /** Drops what is gone for longer than anybody asks about. */
    synchronized void forget(long before) {
        gone.values().removeIf(it -> it.since() < before);
        goneHosts.values().removeIf(it -> it.since() < before);
    }

    @Override
    public void close() {
        watches.forEach(Watch::close);
    }

    private void onEvents(List<WatchEvent> events, Promise<Void> synced) {
        boolean complete = false;
        boolean released = false;
        synchronized (this) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Put put) {
                    there(put.entry().key(), put.entry().value());
                } else if (event instanceof WatchEvent.Delete delete) {
                    released |= notThere(delete.key());
                } else {
                    complete = true;
                }
            }
        }
        if (complete) {
            synced.tryComplete();
        }
        if (released) {
            onRelease.run();
        }
    }

    private void there(String key, String value) {
        Optional<NodeKey> node = node(key);
        if (node.isEmpty()) {
            return;
        }
        gone.remove(node.get().node());
        if (!key.startsWith(realm.keys().nodes())) {
            claims.add(node.get());
            return;
        }
        Optional<NodeRecord> record = decode(key, value);
        records.put(node.get(), record);
        record.ifPresent(it -> {
            Set<Ip> now = new HashSet<>();
            it.addresses().forEach(address -> now.add(address.ip()));
            addresses.put(node.get(), now);
            goneHosts.keySet().removeAll(now);
        });
    }

    /** True when it was the last that said the node is there. */
    private boolean notThere(String key) {
        Optional<NodeKey> found = node(key);
        if (found.isEmpty()) {
            return false;
        }
        NodeKey node = found.get();
        if (key.startsWith(realm.keys().nodes())) {
            records.remove(node);
        } else {
            claims.remove(node);
        }
        if (records.containsKey(node) || claims.contains(node)) {
            return false;
        }
        Gone now = new Gone(clock.getAsLong(), Optional.of(node));
        if (!has(node.node())) {
            gone.put(node.node(), now);
        }
        Set<Ip> others = hosts().keySet();
        Set<Ip> had = addresses.remove(node);
        if (had != null) {
            had.stream().filter(ip -> !others.contains(ip)).forEach(ip -> goneHosts.put(ip, now));
        }
        return true;
    }

    private Optional<NodeKey> node(String key) {
        try {
            return Optional.of(
                    key.startsWith(Realm.CLAIMS)
                            ? realm.keys().parseNode(realm.keys().nodes() + key.substring(Realm.CLAIMS.length()))
                            : realm.keys().parseNode(key));
        } catch (IllegalArgumentException e) {
            unreadable(key, e);
            return Optional.empty();
        }
    }

    private static Optional<NodeRecord> decode(String key, String value) {
        try {
            return Optional.of(NodeRecord.decode(value));
        } catch (IllegalArgumentException e) {
            unreadable(key, e);
            return Optional.empty();
        }
    }

    private static void unreadable(String key, IllegalArgumentException e) {
        LOGGER.atWarn()
                .addKeyValue("key", key)
                .addKeyValue("reason", e.getMessage())
                .log("Node entry cannot be read, nothing is taken from whoever it is");
    }
}
