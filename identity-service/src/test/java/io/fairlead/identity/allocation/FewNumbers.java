package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * A store whose watch of numbers begins with others' claims of all but a few of them. That they are not in the store itself
 * is what it is for: listing 65,000 keys again and again would be most of a test's time.
 */
record FewNumbers(KvStore store, IntPredicate free) implements KvStore {
    @Override
    public Watch watch(List<String> prefixes, WatchListener listener) {
        if (prefixes.equals(List.of(Replica.KEYS.ids()))) {
            listener.onEvents(claims());
        }
        return store.watch(prefixes, listener);
    }

    private List<WatchEvent> claims() {
        List<WatchEvent> claims = new ArrayList<>();
        for (int id = IdentityId.MIN_ALLOCATED; id <= IdentityId.MAX_ALLOCATED; id++) {
            if (!free.test(id)) {
                claims.add(new WatchEvent.Put(new KeyValue(Replica.KEYS.ids() + id, "taken", 1, 1, 0)));
            }
        }
        return claims;
    }

    @Override
    public Future<Optional<KeyValue>> get(String key) {
        return store.get(key);
    }

    @Override
    public Future<Optional<KeyValue>> getAt(String key, long revision) {
        return store.getAt(key, revision);
    }

    @Override
    public Future<Listing> list(String prefix) {
        return store.list(prefix);
    }

    @Override
    public Future<TxnResult> commit(Txn txn) {
        return store.commit(txn);
    }

    @Override
    public Future<Lease> grantLease(Duration ttl) {
        return store.grantLease(ttl);
    }

    @Override
    public Future<String> lineage() {
        return store.lineage();
    }

    @Override
    public Future<StoreStatus> status() {
        return store.status();
    }

    @Override
    public void close() {
        store.close();
    }
}
