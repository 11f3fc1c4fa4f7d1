package io.fairlead.identity.upkeep;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.identity.allocation.IdentityKeys;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes again what somebody removed although it is used: a number's key or deciding key while a node refers to it, and a
 * node's reference while an entry of the node uses the number. The number stays the same.
 */
final class Restorer {
    private static final Logger LOGGER = LoggerFactory.getLogger(Restorer.class);

    private final Realm realm;
    private final IdentityKeys keys;

    Restorer(Realm realm) {
        this.realm = realm;
        this.keys = realm.identities();
    }

    /** Restores what a pass found missing; says how many keys. */
    Future<Integer> restore(Inventory found, Presence presence) {
        Map<String, Reference> one = new HashMap<>();
        Set<String> references = new HashSet<>();
        for (Reference reference : found.references()) {
            references.add(reference.key());
            if (!reference.leased() && reference.id().filter(realm::isOurs).isPresent()) {
                one.putIfAbsent(reference.labels(), reference);
            }
        }
        Future<Integer> restored = Future.succeededFuture(0);
        for (Map.Entry<String, Reference> use : one.entrySet()) {
            KeyValue entry = found.ids().get(use.getValue().id().orElseThrow());
            boolean whole = entry != null
                    && entry.value().equals(use.getKey())
                    && found.deciding().containsKey(use.getKey());
            if (!whole) {
                restored = restored.compose(sofar -> restore(use.getKey()).map(more -> sofar + more));
            }
        }
        Map<Ip, Optional<NodeKey>> hosts = presence.hosts();
        for (Address address : found.addresses()) {
            Optional<Txn> missing = reference(address, hosts, found, references);
            if (missing.isPresent()) {
                restored = restored.compose(sofar -> put(missing.get()).map(more -> sofar + more));
            }
        }
        return restored;
    }

    /** Restores the keys of one label set, by what the store says now; says how many. */
    Future<Integer> restore(String labels) {
        List<Op> reads = List.of(new Op.Get(keys.labels(labels)), new Op.GetPrefix(keys.references(labels)));
        return realm.store().commit(new Txn(List.of(), reads, List.of())).compose(result -> {
            Optional<KeyValue> deciding = result.reads().get(0).stream().findFirst();
            Optional<IdentityId> decided = deciding.flatMap(Inventory::decided);
            Optional<Reference> use = result.reads().get(1).stream()
                    .map(entry -> Reference.of(keys, entry))
                    .filter(it -> it.labels().equals(labels) && !it.leased())
                    .filter(it -> it.id().filter(realm::isOurs).isPresent())
                    .filter(it -> decided.isEmpty() || decided.equals(it.id()))
                    .findFirst();
            if (use.isEmpty() || (deciding.isPresent() && decided.isEmpty())) {
                return Future.succeededFuture(0);
            }
            return restore(use.get(), deciding);
        });
    }

    private Future<Integer> restore(Reference use, Optional<KeyValue> deciding) {
        IdentityId id = use.id().orElseThrow();
        String idKey = keys.id(id);
        return realm.store().get(idKey).compose(entry -> {
            if (entry.isPresent() && !entry.get().value().equals(use.labels())) {
                LOGGER.atError()
                        .addKeyValue("key", idKey)
                        .addKeyValue("value", entry.get().value())
                        .addKeyValue("expected", use.labels())
                        .log("another writer has allocated key");
                return Future.succeededFuture(0);
            }
            List<Condition> conditions = new ArrayList<>(List.of(new Condition.Exists(use.key())));
            List<Op> writes = new ArrayList<>();
            keep(conditions, writes, idKey, entry, use.labels());
            keep(conditions, writes, keys.labels(use.labels()), deciding, id.toString());
            if (writes.isEmpty()) {
                return Future.succeededFuture(0);
            }
            return realm.store().commit(new Txn(conditions, writes, List.of())).map(result -> {
                if (result.succeeded()) {
                    LOGGER.atWarn()
                            .addKeyValue("identity", id)
                            .addKeyValue("labels", use.labels())
                            .log("Re-created missing master key");
                }
                return result.succeeded() ? writes.size() : 0;
            });
        });
    }

    private static void keep(
            List<Condition> conditions, List<Op> writes, String key, Optional<KeyValue> entry, String value) {
        if (entry.isPresent()) {
            conditions.add(new Condition.ValueIs(key, value));
        } else {
            conditions.add(new Condition.Missing(key));
            writes.add(Op.put(key, value));
        }
    }

    /** The reference that an entry of one of our nodes should have and has not. */
    private Optional<Txn> reference(
            Address address, Map<Ip, Optional<NodeKey>> hosts, Inventory found, Set<String> references) {
        Optional<IdentityId> id = address.record().map(IpIdentityRecord::id).filter(realm::isOurs);
        Optional<NodeKey> node = address.record()
                .flatMap(IpIdentityRecord::host)
                .flatMap(host -> hosts.getOrDefault(host, Optional.empty()))
                .filter(it -> it.cluster().equals(realm.cluster()));
        Optional<String> labels = id.map(found.ids()::get).map(KeyValue::value).filter(Inventory::isLabels);
        if (address.leased() || node.isEmpty() || labels.isEmpty()) {
            return Optional.empty();
        }
        String key = keys.reference(labels.get(), node.get().node());
        return references.add(key)
                ? Optional.of(Txn.when(
                                new Condition.Unchanged(
                                        address.entry().key(), address.entry().modRevision()),
                                new Condition.ValueIs(keys.id(id.get()), labels.get()),
                                new Condition.Exists(realm.record(node.get())),
                                new Condition.Missing(key))
                        .then(Op.put(key, id.get().toString())))
                : Optional.empty();
    }

    private Future<Integer> put(Txn txn) {
        return realm.store().commit(txn).map(result -> {
            if (result.succeeded()) {
                LOGGER.atWarn().addKeyValue("key", txn.then().get(0).key()).log("Re-created missing slave key");
            }
            return result.succeeded() ? 1 : 0;
        });
    }
}
