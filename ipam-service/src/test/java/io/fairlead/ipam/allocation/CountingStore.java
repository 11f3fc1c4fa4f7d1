package io.fairlead.ipam.allocation;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchListener;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the requests that go through it. */
final class CountingStore implements KvStore {
    private final KvStore store;
    private final AtomicInteger requests = new AtomicInteger();

    CountingStore(KvStore store) {
        this.store = store;
    }

    int requests() {
        return requests.get();
    }

    @Override
    public Future<Optional<KeyValue>> get(String key) {
        requests.incrementAndGet();
        return store.get(key);
    }

    @Override
    public Future<Listing> list(String prefix) {
        requests.incrementAndGet();
        return store.list(prefix);
    }

    @Override
    public Future<TxnResult> commit(Txn txn) {
        requests.incrementAndGet();
        return store.commit(txn);
    }

    @Override
    public Watch watch(String prefix, WatchListener listener) {
        return store.watch(prefix, listener);
    }

    @Override
    public Future<Lease> grantLease(Duration ttl) {
        return store.grantLease(ttl);
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
