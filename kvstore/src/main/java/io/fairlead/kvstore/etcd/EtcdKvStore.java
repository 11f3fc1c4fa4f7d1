package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.RangeRequest;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The store on etcd 3.4 or later.
 *
 * <p>Futures complete and listeners are told on the store's one thread, "etcd-kvstore". A request waits for a server to
 * become ready, at most until its deadline. When the data behind the endpoints is replaced by older data, watches say
 * the difference and go on from there; only then do their revisions step back.
 */
public final class EtcdKvStore implements KvStore {
    private static final String LINEAGE_KEY = "fairlead/store-epoch";

    private final EtcdConnection connection;
    private final Commits commits;
    private final Lister lister;
    private final StatusCheck statusCheck;
    private final Set<EtcdWatch> watches = ConcurrentHashMap.newKeySet();

    /** Starts to connect; that nobody answers shows in the first request, watch or status. */
    public EtcdKvStore(EtcdOptions options) {
        this.connection = new EtcdConnection(options);
        this.commits = new Commits(connection);
        this.lister = new Lister(connection);
        this.statusCheck = new StatusCheck(connection);
    }

    @Override
    public Future<Optional<KeyValue>> get(String key) {
        RangeRequest request = RangeRequest.newBuilder().setKey(Wire.bytes(key)).build();
        return connection
                .unary("get " + key, KVGrpc.getRangeMethod(), request)
                .map(r -> r.getKvsList().stream().findFirst().map(Wire::entry));
    }

    @Override
    public Future<Optional<KeyValue>> getAt(String key, long revision) {
        if (revision < 1) {
            return Future.failedFuture(new KvException(
                    FailureKind.GIVE_UP, "get " + key + ": at revision " + revision + " (expected: 1 or more)", null));
        }
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(Wire.bytes(key))
                .setRevision(revision)
                .build();
        return connection
                .unary("get " + key + " at revision " + revision, KVGrpc.getRangeMethod(), request)
                .map(r -> r.getKvsList().stream().findFirst().map(Wire::entry));
    }

    @Override
    public Future<Listing> list(String prefix) {
        return lister.list(prefix);
    }

    @Override
    public Future<TxnResult> commit(Txn txn) {
        return commits.commit(txn);
    }

    @Override
    public Watch watch(List<String> prefixes, WatchListener listener) {
        EtcdWatch watch = new EtcdWatch(connection, lister, new Prefixes(prefixes), listener, watches::remove);
        watches.add(watch);
        watch.start();
        return watch;
    }

    @Override
    public Future<Lease> grantLease(Duration ttl) {
        if (ttl.toMillis() < 1) {
            return Future.failedFuture(new KvException(
                    FailureKind.GIVE_UP, "lease time: " + ttl + " (expected: more than nothing)", null));
        }
        // etcd counts whole seconds and may grant more than asked for
        LeaseGrantRequest request = LeaseGrantRequest.newBuilder()
                .setTTL((ttl.toMillis() + 999) / 1000)
                .build();
        return connection
                .unary("grant lease", LeaseGrpc.getLeaseGrantMethod(), request)
                .map(granted -> {
                    EtcdLease lease = new EtcdLease(connection, granted.getID(), granted.getTTL());
                    lease.start();
                    return lease;
                });
    }

    @Override
    public Future<String> lineage() {
        // any request's header has it; this is a key that every service's user may read
        RangeRequest request =
                RangeRequest.newBuilder().setKey(Wire.bytes(LINEAGE_KEY)).build();
        return connection
                .unary("lineage", KVGrpc.getRangeMethod(), request)
                .map(r -> Long.toHexString(r.getHeader().getClusterId()));
    }

    @Override
    public Future<StoreStatus> status() {
        return statusCheck.status();
    }

    @Override
    public void close() {
        watches.forEach(EtcdWatch::close);
        commits.close();
        connection.close();
    }
}
