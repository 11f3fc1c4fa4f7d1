package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.ipam.pool.Pool;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One replica of the service on a store, without its gRPC side. */
final class Replica implements AutoCloseable {
    static final IpamKeys KEYS = new IpamKeys("cilium/state/nodes/v1/", IpamKeys.CLAIMS);

    final KvStore store;
    final Occupancy occupancy;
    final Convergence convergence;
    final Withdrawals withdrawals;
    final NodeAllocator allocator;
    final PoolAdmin pools;
    private final NodeAllocator.Cluster cluster = new NodeAllocator.Cluster(new ClusterName("default"), 0);
    private final List<ClusterPool> seeds = new ArrayList<>();

    /** Its pool default: CIDRs of both families separated by commas; IPv6 blocks are /120. */
    Replica(KvStore store, Vertx vertx, Progress progress, String pool, int maskSize) {
        this.store = store;
        List<String> v4 = new ArrayList<>();
        List<String> v6 = new ArrayList<>();
        for (String cidr : pool.split(",")) {
            (cidr.contains(":") ? v6 : v4).add(cidr);
        }
        if (!v4.isEmpty()) {
            seeds.add(ClusterPool.parse(Ip.Family.V4, v4, maskSize));
        }
        if (!v6.isEmpty()) {
            seeds.add(ClusterPool.parse(Ip.Family.V6, v6, 120));
        }
        this.occupancy = new Occupancy(store, KEYS);
        Timers timers = impatient(vertx);
        this.convergence = new Convergence(occupancy, progress, timers);
        this.withdrawals = new Withdrawals(store, KEYS, occupancy, convergence, timers);
        this.pools = new PoolAdmin(store, KEYS, occupancy);
        this.allocator = through(store, vertx);
    }

    /** Real timers that wait a hundredth of the time, so that many failures cost a test little time. */
    private static Timers impatient(Vertx vertx) {
        Timers real = Timers.of(vertx);
        return new Timers() {
            @Override
            public long nanoTime() {
                return real.nanoTime();
            }

            @Override
            public Pending after(Duration delay, Runnable action) {
                return real.after(delay.dividedBy(100), action);
            }
        };
    }

    /** The same replica as seen through another store. */
    NodeAllocator through(KvStore other, Vertx vertx) {
        Restored never = new Restored(store, KEYS, Duration.ZERO, impatient(vertx));
        return new NodeAllocator(
                other, KEYS, cluster, new NodeAllocator.Blocked(occupancy, withdrawals, never), impatient(vertx));
    }

    Replica synced() {
        await(occupancy.synced());
        await(seed());
        return this;
    }

    Future<Pool> seed() {
        return pools.seed(seeds);
    }

    Cidr register(String node, String ip, String... requested) {
        return registerAll(node, ip, requested).get(0);
    }

    List<Cidr> registerAll(String node, String ips, String... requested) {
        return await(allocator.register(registration(node, ips, requested))).podCidrs();
    }

    /** A node with internal addresses, separated by commas. */
    static Registration registration(String node, String ips, String... requested) {
        List<NodeAddress> addresses = new ArrayList<>();
        for (String ip : ips.split(",")) {
            addresses.add(new NodeAddress(NodeAddress.Kind.INTERNAL, Ip.parse(ip)));
        }
        return registration(node, addresses, requested);
    }

    static Registration registration(String node, List<NodeAddress> addresses, String... requested) {
        return registration(node, Pool.DEFAULT, addresses, requested);
    }

    static Registration registration(String node, String pool, List<NodeAddress> addresses, String... requested) {
        List<Cidr> cidrs = new ArrayList<>();
        for (String text : requested) {
            cidrs.add(Cidr.parse(text));
        }
        Registration.Wants wants = new Registration.Wants(pool, cidrs, Set.of());
        return new Registration(new NodeName(node), addresses, wants, Map.of(), List.of());
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
