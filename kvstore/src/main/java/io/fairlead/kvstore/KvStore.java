package io.fairlead.kvstore;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A store of text under text keys, with revisions, transactions, watches and leases.
 *
 * <p>Every future ends within the store's deadline: with a value, or with a {@link KvException} that says what to do
 * next. A write that failed with {@code RETRY} may have taken effect, so writes are guarded by conditions or repeatable.
 * Futures complete on the store's own thread: callers with a context of their own go back to it.
 */
public interface KvStore extends AutoCloseable {
    /** The entry of a key, if there is one. Linearizable. */
    Future<Optional<KeyValue>> get(String key);

    /**
     * The entry a key had at a revision, if it had one. Fails with {@code RESYNC} when the store's history does not go back
     * so far (it was compacted) or the revision has not come yet.
     */
    Future<Optional<KeyValue>> getAt(String key, long revision);

    /** All entries whose keys start with {@code prefix}, sorted by key, as of one revision. */
    Future<Listing> list(String prefix);

    /** Carries out a transaction: all of one branch, or nothing. */
    Future<TxnResult> commit(Txn txn);

    /**
     * Follows a prefix: lists it, says {@link WatchEvent.Synced}, then says what changes, for as long as it is open.
     *
     * <p>Connections lost, servers restarted and compaction do not end it: it catches up, lists again when it must, and
     * says deletes for what vanished meanwhile. After each such re-listing it says {@code Synced} again. No change is
     * lost; changes of one key made while it was cut off may be merged into the last; none is said twice.
     *
     * @param listener is told on one thread at a time and must not block
     */
    default Watch watch(String prefix, WatchListener listener) {
        return watch(List.of(prefix), listener);
    }

    /**
     * As {@link #watch(String, WatchListener)}, for several prefixes: their changes are said in the store's order, those of
     * one revision together. A server may have to pass over everything that lies between the prefixes.
     *
     * @throws IllegalArgumentException without a prefix
     */
    Watch watch(List<String> prefixes, WatchListener listener);

    /** Grants a lease: keys put under it vanish {@code ttl} after its last renewal. The store renews it until revoked. */
    Future<Lease> grantLease(Duration ttl);

    /**
     * Names the history the store's revisions belong to: two revisions compare only when their lineage is the same. A store
     * that was restored from a backup has another one; for etcd it is the number of its cluster.
     */
    Future<String> lineage();

    /** What can be said of the servers behind the store, for people. Never fails: trouble is part of the answer. */
    Future<StoreStatus> status();

    /** Ends watches and renewals. Leases that were not revoked run out by themselves. */
    @Override
    void close();
}
