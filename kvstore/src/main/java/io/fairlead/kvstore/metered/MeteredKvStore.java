package io.fairlead.kvstore.metered;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Passes everything on to another store, and measures. */
public final class MeteredKvStore implements KvStore {
    private final KvStore store;
    private final MeterRegistry metrics;
    private final Counter leasesLost;
    private final Map<Kind, Timer> timers = new ConcurrentHashMap<>();

    /** Measures what goes to {@code store}, which is closed with this one. */
    public MeteredKvStore(KvStore store, MeterRegistry metrics) {
        this.store = store;
        this.metrics = metrics;
        this.leasesLost = Counter.builder("fairlead.kvstore.leases.lost")
                .description("leases that ran out while the store could not be reached, or were revoked")
                .register(metrics);
    }

    private record Kind(String action, boolean success) {}

    @Override
    public Future<Optional<KeyValue>> get(String key) {
        return timed("get", store.get(key));
    }

    @Override
    public Future<Optional<KeyValue>> getAt(String key, long revision) {
        return timed("get", store.getAt(key, revision));
    }

    @Override
    public Future<Listing> list(String prefix) {
        return timed("list", store.list(prefix));
    }

    @Override
    public Future<TxnResult> commit(Txn txn) {
        return timed("txn", store.commit(txn));
    }

    @Override
    public Watch watch(List<String> prefixes, WatchListener listener) {
        String scope = prefixes.get(0);
        Counter events = counter("fairlead.kvstore.events", "changes that watches saw", scope);
        Counter disruptions = counter("fairlead.kvstore.watch.disruptions", "times a watch lost its server", scope);
        Counter listings = counter("fairlead.kvstore.watch.listings", "times a watch had listed everything", scope);
        return store.watch(prefixes, new WatchListener() {
            @Override
            public void onEvents(List<WatchEvent> said) {
                for (WatchEvent event : said) {
                    (event instanceof WatchEvent.Synced ? listings : events).increment();
                }
                listener.onEvents(said);
            }

            @Override
            public void onDisrupted(KvException cause) {
                disruptions.increment();
                listener.onDisrupted(cause);
            }
        });
    }

    @Override
    public Future<Lease> grantLease(Duration ttl) {
        return timed("lease", store.grantLease(ttl))
                .onSuccess(lease -> lease.lost().onComplete(gone -> leasesLost.increment()));
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

    private <T> Future<T> timed(String action, Future<T> request) {
        long began = System.nanoTime();
        return request.onComplete(done -> timers.computeIfAbsent(new Kind(action, done.succeeded()), this::timer)
                .record(System.nanoTime() - began, TimeUnit.NANOSECONDS));
    }

    private Timer timer(Kind kind) {
        return Timer.builder("fairlead.kvstore.operations.duration")
                .description("how long requests to the store take")
                .tag("action", kind.action)
                .tag("outcome", kind.success ? "success" : "fail")
                .register(metrics);
    }

    private Counter counter(String name, String description, String scope) {
        return Counter.builder(name)
                .description(description)
                .tag("scope", scope)
                .register(metrics);
    }
}
