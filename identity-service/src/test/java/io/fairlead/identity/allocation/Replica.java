package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.labels.LabelFilter;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntPredicate;

/** One replica of the allocator on a store. */
public final class Replica implements AutoCloseable {
    public static final IdentityKeys KEYS = new IdentityKeys("cilium/state/identities/v1/", IdentityKeys.OWN);

    public final KvStore store;
    public final KnownIdentities known;
    public final IdentityAllocator allocator;

    public Replica(KvStore store, Vertx vertx) {
        this(store, vertx, 0);
    }

    public Replica(KvStore store, Vertx vertx, int clusterId) {
        this(store, new KnownIdentities(store, KEYS, clusterId), vertx);
    }

    /** One that believes others to have all numbers but a few. */
    public static Replica withFew(KvStore store, IntPredicate free, Vertx vertx) {
        return new Replica(store, new KnownIdentities(new FewNumbers(store, free), KEYS, 0), vertx);
    }

    private Replica(KvStore store, KnownIdentities known, Vertx vertx) {
        this.store = store;
        this.known = known;
        this.allocator = new IdentityAllocator(
                store, KEYS, LabelFilter.defaults(), known, impatient(vertx), new SimpleMeterRegistry());
        await(known.synced());
    }

    /** Real timers that never wait for long, so that many failures cost a test little time. */
    public static Timers impatient(Vertx vertx) {
        Timers real = Timers.of(vertx);
        return new Timers() {
            @Override
            public long nanoTime() {
                return real.nanoTime();
            }

            @Override
            public Pending after(Duration delay, Runnable action) {
                return real.after(Duration.ofMillis(1), action);
            }
        };
    }

    public IdentityId allocate(String node, String... labels) {
        return await(start(node, labels)).id();
    }

    public Future<Allocated> start(String node, String... labels) {
        return allocator.allocate(new NodeName(node), Labels.parse(List.of(labels)));
    }

    /** The value of a future, or the exception it failed with. */
    public static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        known.close();
        store.close();
    }
}
