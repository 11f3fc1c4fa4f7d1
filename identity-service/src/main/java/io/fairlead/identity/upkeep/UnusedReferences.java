package io.fairlead.identity.upkeep;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes references of nodes that are there but have had no endpoint with the number for long: what a request left whose
 * answer the node never got, and which took effect when the node had given the number back.
 *
 * <p>Nothing that is used goes with it: an endpoint's entry is written together with its node's reference, so a reference
 * that was not written since it was first seen unused is still unused. Used by one pass at a time.
 */
final class UnusedReferences {
    private static final Logger LOGGER = LoggerFactory.getLogger(UnusedReferences.class);

    private final Realm realm;
    private final Duration timeout;
    // By key, what no endpoint used when it was last looked at. owned by: the pass
    private Map<String, Unused> unused = Map.of();

    /** @param since by the clock, in ns */
    private record Unused(long modRevision, long since) {}

    private record Use(NodeName node, IdentityId id) {}

    UnusedReferences(Realm realm, Duration timeout) {
        this.realm = realm;
        this.timeout = timeout;
    }

    /** Removes what was unused for long enough; says how many. */
    Future<Integer> sweep(Inventory found, Presence presence, long now) {
        Optional<Set<Use>> used = uses(found, presence);
        if (used.isEmpty()) {
            unused = Map.of();
            return Future.succeededFuture(0);
        }
        Set<NodeName> names = presence.names();
        Map<String, Unused> still = new HashMap<>();
        Future<Integer> removed = Future.succeededFuture(0);
        for (Reference reference : found.references()) {
            Optional<Use> use = reference
                    .id()
                    .filter(realm::isOurs)
                    .flatMap(id -> reference.node().filter(names::contains).map(node -> new Use(node, id)));
            if (reference.leased() || use.isEmpty() || used.get().contains(use.get())) {
                continue;
            }
            Unused before = unused.get(reference.key());
            Unused known = before != null && before.modRevision() == reference.modRevision()
                    ? before
                    : new Unused(reference.modRevision(), now);
            if (now - known.since() < timeout.toNanos()) {
                still.put(reference.key(), known);
            } else {
                removed = removed.compose(sofar -> remove(reference).map(more -> sofar + more));
            }
        }
        unused = still;
        return removed;
    }

    /** Which node uses which number; empty when an entry, or whose it is, is not known. */
    private Optional<Set<Use>> uses(Inventory found, Presence presence) {
        Map<Ip, Optional<NodeKey>> hosts = presence.hosts();
        Set<Use> all = new HashSet<>();
        for (Address address : found.addresses()) {
            Optional<NodeKey> node = address.record()
                    .flatMap(IpIdentityRecord::host)
                    .flatMap(host -> hosts.getOrDefault(host, Optional.empty()));
            if (node.isEmpty()) {
                return Optional.empty();
            }
            all.add(new Use(node.get().node(), address.record().get().id()));
        }
        return Optional.of(all);
    }

    private Future<Integer> remove(Reference reference) {
        Txn txn = Txn.when(new Condition.Unchanged(reference.key(), reference.modRevision()))
                .then(new Op.Delete(reference.key()));
        return realm.store().commit(txn).map(result -> {
            if (result.succeeded()) {
                LOGGER.atInfo()
                        .addKeyValue("key", reference.key())
                        .addKeyValue("unused", timeout)
                        .log("Removed a reference no endpoint of its node uses");
            }
            return result.succeeded() ? 1 : 0;
        });
    }
}
