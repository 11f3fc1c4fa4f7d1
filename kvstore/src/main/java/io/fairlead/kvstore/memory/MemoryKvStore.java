package io.fairlead.kvstore.memory;

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
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * A client of a store in memory. Everything happens, and every future completes, on the store's one thread.
 *
 * <p>{@link #sibling()} makes another client of the same data, as a second replica of a service would be. The switches
 * ({@link #disconnect()}, {@link #failNext(int)}, {@link #loseNextAnswers(int)}, {@link #compact(long)}) take effect
 * before they return, except when called on the store's thread.
 */
public final class MemoryKvStore implements KvStore {
    private final MemoryServer server;
    // owned by: the store thread
    private final Set<MemoryWatch> watches = new LinkedHashSet<>();
    // owned by: the store thread
    private boolean connected = true;
    // owned by: the store thread
    private boolean closed;
    // owned by: the store thread
    private int toFail;
    // owned by: the store thread
    private int toLose;

    /** An empty store on the machine's clock. */
    public MemoryKvStore() {
        this(InstantSource.system());
    }

    /** An empty store whose leases run out by this clock; it is looked at every 20 ms. */
    public MemoryKvStore(InstantSource clock) {
        this(new MemoryServer(clock));
    }

    private MemoryKvStore(MemoryServer server) {
        this.server = server;
        server.run(() -> server.join(this));
    }

    /** Another client of the same data, with connection, watches and leases of its own. */
    public MemoryKvStore sibling() {
        return new MemoryKvStore(server);
    }

    @Override
    public Future<Optional<KeyValue>> get(String key) {
        return request("get " + key, () -> {
            if (key.isEmpty()) {
                throw new KvException(FailureKind.GIVE_UP, "get: an empty key (expected: a key)", null);
            }
            return server.data().get(key);
        });
    }

    @Override
    public Future<Optional<KeyValue>> getAt(String key, long revision) {
        return request(
                "get " + key + " at revision " + revision, () -> server.data().getAt(key, revision));
    }

    @Override
    public Future<Listing> list(String prefix) {
        return request("list " + prefix, () -> server.data().list(prefix));
    }

    @Override
    public Future<TxnResult> commit(Txn txn) {
        return request("commit", () -> {
            MemoryData.Outcome outcome = server.data().commit(txn, server.leaseIds());
            server.publish(outcome.change());
            return outcome.result();
        });
    }

    @Override
    public Watch watch(List<String> prefixes, WatchListener listener) {
        CompletableFuture<MemoryWatch> self = new CompletableFuture<>();
        MemoryWatch watch =
                new MemoryWatch(prefixes, listener, () -> server.run(() -> watches.remove(self.getNow(null))));
        self.complete(watch);
        server.run(() -> {
            if (!closed) {
                watches.add(watch);
                if (connected) {
                    watch.catchUp(server.data());
                } else {
                    watch.onDisrupted();
                }
            }
        });
        return watch;
    }

    @Override
    public Future<Lease> grantLease(Duration ttl) {
        return request("grant lease", () -> {
            if (ttl.toMillis() < 1) {
                throw new KvException(
                        FailureKind.GIVE_UP, "lease time: " + ttl + " (expected: more than nothing)", null);
            }
            return server.grant(this, ttl);
        });
    }

    Future<Void> revoke(long id) {
        return request("revoke lease", () -> {
                    server.end(id);
                    return Optional.empty();
                })
                .mapEmpty();
    }

    @Override
    public Future<String> lineage() {
        return request("lineage", server::lineage);
    }

    @Override
    public Future<StoreStatus> status() {
        Promise<StoreStatus> promise = Promise.promise();
        boolean runs = server.run(() -> promise.complete(
                connected && !closed
                        ? new StoreStatus(true, "memory: 1/1 connected, has-quorum=true")
                        : new StoreStatus(false, "Err: not able to connect to any memory endpoints")));
        return runs
                ? promise.future()
                : Future.succeededFuture(new StoreStatus(false, "Err: the memory store is closed"));
    }

    @Override
    public void close() {
        now(() -> {
            if (!closed) {
                closed = true;
                Set.copyOf(watches).forEach(MemoryWatch::close);
                watches.clear();
                server.leave(this);
            }
        });
    }

    /** Cuts this client off: requests fail, watches say they are disrupted, leases are no longer renewed. */
    public void disconnect() {
        now(() -> {
            if (connected) {
                connected = false;
                watches.forEach(MemoryWatch::onDisrupted);
            }
        });
    }

    /** Ends {@link #disconnect()}: watches catch up. */
    public void reconnect() {
        now(() -> {
            if (!connected) {
                connected = true;
                watches.forEach(watch -> watch.catchUp(server.data()));
            }
        });
    }

    /** Lets the next requests of this client fail with {@code RETRY}, without effect. */
    public void failNext(int requests) {
        now(() -> toFail = requests);
    }

    /** Lets the next requests of this client take effect but fail with {@code RETRY}, as an answer lost on the way. */
    public void loseNextAnswers(int requests) {
        now(() -> toLose = requests);
    }

    /**
     * Forgets the history before a revision: watches cut off before it list again.
     *
     * @throws KvException when the revision is in the future or already compacted
     */
    public void compact(long revision) {
        now(() -> server.data().compact(revision));
    }

    boolean renews() {
        return connected && !closed;
    }

    void onChange(MemoryData.Change change) {
        if (connected) {
            Set.copyOf(watches).forEach(watch -> watch.onChange(change));
        }
    }

    private <T> Future<T> request(String what, Supplier<T> step) {
        Promise<T> promise = Promise.promise();
        boolean runs = server.run(() -> {
            try {
                promise.complete(admit(what, step));
            } catch (KvException e) {
                promise.fail(e);
            }
        });
        return runs ? promise.future() : Future.failedFuture(isClosed(what));
    }

    private <T> T admit(String what, Supplier<T> step) {
        if (closed) {
            throw isClosed(what);
        }
        if (!connected) {
            throw new KvException(FailureKind.RETRY, what + ": disconnected", null);
        }
        if (toFail > 0) {
            toFail--;
            throw new KvException(FailureKind.RETRY, what + ": told to fail", null);
        }
        T result = step.get();
        if (toLose > 0) {
            toLose--;
            throw new KvException(FailureKind.RETRY, what + ": the answer was lost", null);
        }
        return result;
    }

    private static KvException isClosed(String what) {
        return new KvException(FailureKind.GIVE_UP, what + ": the store is closed", null);
    }

    private void now(Runnable step) {
        if (server.isMine()) {
            step.run();
            return;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        boolean runs = server.run(() -> {
            try {
                step.run();
                done.complete(null);
            } catch (KvException e) {
                done.completeExceptionally(e);
            }
        });
        if (runs) {
            try {
                done.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof KvException kv ? kv : e;
            }
        }
    }
}
