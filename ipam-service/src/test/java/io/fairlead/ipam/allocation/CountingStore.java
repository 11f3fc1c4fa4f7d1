package io.fairlead.ipam.allocation;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the requests that go through it, and can lose the answer to one of them. */
final class CountingStore implements KvStore {
    private final KvStore store;
    private final AtomicInteger requests = new AtomicInteger();
    private final int lost;

    CountingStore(KvStore store) {
        this(store, 0);
    }

    /** The answer to request number {@code lost}, from 1, does not arrive. */
    CountingStore(KvStore store, int lost) {
        this.store = store;
        this.lost = lost;
    }

    int requests() {
        return requests.get();
    }

    private volatile String lineage = "";

    @Override
    public Future<Optional<KeyValue>> get(String key) {
        requests.incrementAndGet();
        return store.get(key);
    }

    @Override
    public Future<Optional<KeyValue>> getAt(String key, long revision) {
        requests.incrementAndGet();
        return store.getAt(key, revision);
    }

    @Override
    public Future<Listing> list(String prefix) {
        requests.incrementAndGet();
        return store.list(prefix);
    }

    @Override
    public Future<TxnResult> commit(Txn txn) {
        boolean lose = requests.incrementAndGet() == lost;
        return store.commit(txn)
                .compose(result -> lose
                        ? Future.failedFuture(new KvException(FailureKind.RETRY, "commit: the answer was lost", null))
                        : Future.succeededFuture(result));
    }

    @Override
    public Watch watch(List<String> prefixes, WatchListener listener) {
        return store.watch(prefixes, listener);
    }

    @Override
    public Future<Lease> grantLease(Duration ttl) {
        return store.grantLease(ttl);
    }

    @Override
    public Future<String> lineage() {
        return lineage.isEmpty() ? store.lineage() : Future.succeededFuture(lineage);
    }

    /** From now on as a store that was restored from a backup. */
    void restored(String another) {
        lineage = another;
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
