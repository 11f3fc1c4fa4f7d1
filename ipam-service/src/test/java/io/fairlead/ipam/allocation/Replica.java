package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One replica of the service on a store, without its gRPC side. */
final class Replica implements AutoCloseable {
    static final IpamKeys KEYS = new IpamKeys("cilium/state/nodes/v1/", IpamKeys.CLAIMS);

    final KvStore store;
    final Occupancy occupancy;
    final NodeAllocator allocator;
    private final NodeAllocator.Cluster cluster;

    Replica(KvStore store, Vertx vertx, String pool, int maskSize) {
        this(store, vertx, "default", pool, maskSize);
    }

    Replica(KvStore store, Vertx vertx, String cluster, String pool, int maskSize) {
        this.store = store;
        ClusterPool blocks = ClusterPool.parse(List.of(pool.split(",")), maskSize);
        this.occupancy = new Occupancy(store, KEYS, blocks);
        this.cluster = new NodeAllocator.Cluster(new ClusterName(cluster), 0, blocks);
        this.allocator = through(store, vertx);
    }

    /** Real timers that never wait for long, so that many failures cost a test little time. */
    private static Timers impatient(Vertx vertx) {
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

    /** The same replica as seen through another store. */
    NodeAllocator through(KvStore other, Vertx vertx) {
        return new NodeAllocator(other, KEYS, cluster, occupancy, impatient(vertx));
    }

    Replica synced() {
        await(occupancy.synced());
        return this;
    }

    Cidr register(String node, String ip, String... requested) {
        return await(allocator.register(registration(node, ip, requested))).podCidr();
    }

    static Registration registration(String node, String ip, String... requested) {
        return registration(node, List.of(new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse(ip))), requested);
    }

    static Registration registration(String node, List<NodeAddress> addresses, String... requested) {
        List<Cidr> cidrs = new ArrayList<>();
        for (String text : requested) {
            cidrs.add(Cidr.parse(text));
        }
        Optional<Cidr> one = Registration.oneCidr(cidrs);
        return new Registration(new NodeName(node), addresses, one, Map.of(), List.of());
    }

    /** The value of a future, or the exception it failed with. */
    static <T> T await(Future<T> future) {
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
        occupancy.close();
        store.close();
    }
}
