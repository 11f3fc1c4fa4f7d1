package io.fairlead.identity.upkeep;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what released nodes left: their references, and the entries of their endpoints.
 *
 * <p>A node is released when neither record nor claim is there, which the transaction that removes demands again. Entries
 * must not have been written since they were looked at, and nobody may have the address of their node by then. What hangs on a lease is Cilium's and goes by itself.
 */
final class ReleasedNodes {
    private static final Logger LOGGER = LoggerFactory.getLogger(ReleasedNodes.class);
    /** Below what a transaction may have, with room for the conditions about the node. */
    private static final int BATCH = 60;

    private final Realm realm;
    private final Presence presence;
    private final Duration grace;

    /**
     * What a sweep did.
     *
     * @param removed how many entries
     * @param next when something that is missed will have been for long enough, in ns from now; empty for nothing
     */
    record Swept(int removed, Optional<Long> next) {}

    /** Something to remove, and on what conditions. */
    private record Removal(Optional<NodeKey> node, List<Condition> conditions, Op.Delete step) {}

    ReleasedNodes(Realm realm, Presence presence, Duration grace) {
        this.realm = realm;
        this.presence = presence;
        this.grace = grace;
    }

    Future<Swept> sweep(Inventory found, long now) {
        Due due = new Due(now);
        references(found.references(), due);
        addresses(found.addresses(), due);
        Future<Integer> removed = Future.succeededFuture(0);
        for (Map.Entry<Optional<NodeKey>, List<Removal>> some : due.byNode().entrySet()) {
            List<Removal> all = some.getValue();
            for (int i = 0; i < all.size(); i += BATCH) {
                List<Removal> batch = all.subList(i, Math.min(all.size(), i + BATCH));
                removed = removed.compose(sofar -> remove(some.getKey(), batch).map(more -> sofar + more));
            }
        }
        return removed.map(count -> new Swept(count, due.next()));
    }

    private void references(List<Reference> all, Due due) {
        Set<NodeName> names = presence.names();
        for (Reference reference : all) {
            boolean ours =
                    !reference.leased() && reference.id().map(realm::isOurs).orElse(true);
            if (!ours
                    || reference.node().isEmpty()
                    || names.contains(reference.node().get())) {
                continue;
            }
            NodeName name = reference.node().get();
            Presence.Gone gone = presence.missed(name);
            if (due.is(gone)) {
                // of whichever cluster it was: no transaction finds its record or claim in ours
                NodeKey node = gone.node().orElseGet(() -> new NodeKey(realm.cluster(), name));
                due.add(new Removal(Optional.of(node), List.of(), new Op.Delete(reference.key())));
            }
        }
    }

    private void addresses(List<Address> all, Due due) {
        Map<Ip, Optional<NodeKey>> hosts = presence.hosts();
        Optional<List<Cidr>> podCidrs = presence.podCidrs();
        for (Address address : all) {
            Optional<Ip> host = address.record().flatMap(IpIdentityRecord::host);
            if (address.leased() || host.isEmpty() || hosts.containsKey(host.get())) {
                continue;
            }
            Optional<Presence.Gone> gone = presence.released(host.get());
            if (gone.isEmpty() && isStray(address.record().get(), podCidrs)) {
                gone = Optional.of(presence.missed(host.get()));
            }
            if (gone.isPresent() && due.is(gone.get())) {
                String key = address.entry().key();
                due.add(new Removal(
                        gone.get().node(),
                        List.of(
                                new Condition.Missing(realm.holder(host.get())),
                                new Condition.Unchanged(key, address.entry().modRevision())),
                        new Op.Delete(key)));
            }
        }
    }

    /** Nobody saw its node go, but it lies where no node has pods. A node that changed its own address keeps its pods. */
    private static boolean isStray(IpIdentityRecord record, Optional<List<Cidr>> podCidrs) {
        return podCidrs.isPresent()
                && podCidrs.get().stream()
                        .noneMatch(cidr -> cidr.contains(record.address().address()));
    }

    private Future<Integer> remove(Optional<NodeKey> node, List<Removal> batch) {
        Set<Condition> conditions = new LinkedHashSet<>();
        List<Op> steps = new ArrayList<>();
        node.ifPresent(it -> {
            conditions.add(new Condition.Missing(realm.record(it)));
            conditions.add(new Condition.Missing(realm.claim(it)));
        });
        batch.forEach(removal -> {
            conditions.addAll(removal.conditions());
            steps.add(removal.step());
        });
        return realm.store()
                .commit(new Txn(List.copyOf(conditions), steps, List.of()))
                .compose(result -> {
                    if (result.succeeded()) {
                        LOGGER.atInfo()
                                .addKeyValue("node", node.map(NodeKey::toString).orElse("unknown"))
                                .addKeyValue("entries", steps.size())
                                .log("Removed what a released node left");
                        return Future.succeededFuture(steps.size());
                    }
                    return batch.size() == 1 ? Future.succeededFuture(0) : halves(node, batch);
                });
    }

    /** One of them has changed: the others need not wait for the next sweep. */
    private Future<Integer> halves(Optional<NodeKey> node, List<Removal> batch) {
        int middle = batch.size() / 2;
        return remove(node, batch.subList(0, middle))
                .compose(sofar ->
                        remove(node, batch.subList(middle, batch.size())).map(more -> sofar + more));
    }

    /** Collects what has been missed for long enough. */
    private final class Due {
        private final long now;
        private final Map<Optional<NodeKey>, List<Removal>> removals = new HashMap<>();
        private long next = Long.MAX_VALUE;

        Due(long now) {
            this.now = now;
        }

        boolean is(Presence.Gone gone) {
            long left = gone.since() + grace.toNanos() - now;
            if (left > 0) {
                next = Math.min(next, left);
            }
            return left <= 0;
        }

        void add(Removal removal) {
            removals.computeIfAbsent(removal.node(), ignored -> new ArrayList<>())
                    .add(removal);
        }

        Map<Optional<NodeKey>, List<Removal>> byNode() {
            return removals;
        }

        Optional<Long> next() {
            return next == Long.MAX_VALUE ? Optional.empty() : Optional.of(next);
        }
    }
}
