package io.fairlead.identity.upkeep;

import static io.fairlead.identity.allocation.Replica.await;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.allocation.Replica;
import io.fairlead.identity.endpoints.Endpoint;
import io.fairlead.identity.endpoints.EndpointPublisher;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.runtime.retry.testing.ManualTimers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/** A store, a replica on it with its upkeep, and time that a test moves. */
final class Bench implements AutoCloseable {
    static final StoreKeys KEYS = new StoreKeys("cilium/");
    static final Duration INTERVAL = Duration.ofMinutes(15);
    static final Duration GRACE = Duration.ofSeconds(30);
    static final Duration UNUSED = Duration.ofHours(1);

    final Vertx vertx = Vertx.vertx();
    final MemoryKvStore store = new MemoryKvStore();
    final ManualTimers timers = new ManualTimers();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final Replica replica;
    final EndpointPublisher endpoints;
    final Upkeep upkeep;
    volatile long acknowledged = Long.MAX_VALUE;

    Bench() {
        this(0);
    }

    Bench(int clusterId) {
        this(clusterId, id -> true);
    }

    /** Others have all numbers but the free ones. */
    Bench(int clusterId, IntPredicate free) {
        replica = Replica.withFew(store.sibling(), free, vertx);
        endpoints = new EndpointPublisher(replica.store, Replica.KEYS, replica.known, KEYS.ips());
        upkeep = new Upkeep(
                new Realm(replica.store, Replica.KEYS, KEYS, ClusterName.DEFAULT, clusterId),
                new UpkeepOptions(INTERVAL, 1_000_000, GRACE, UNUSED),
                replica.known,
                () -> Future.succeededFuture(acknowledged),
                timers,
                meters);
        await(upkeep.synced());
    }

    /** Lets an interval pass, and then a pass be made. */
    void pass() {
        settle();
        timers.advance(INTERVAL);
        finish(upkeep.pass());
        settle();
    }

    /** Lets time pass, and ends what became due. */
    void wait(Duration time) {
        settle();
        timers.advance(time);
        finish(upkeep.sweep());
    }

    void finish(Future<Void> work) {
        eventually(() -> {
            timers.advance(Duration.ofNanos(100_000));
            return work.isComplete();
        });
        await(work);
    }

    /** Waits until the watches have said everything. */
    void settle() {
        put("cilium/state/nodes/v1/settle/" + System.nanoTime(), "{}");
        String prefix = "cilium/state/nodes/v1/settle/";
        List<KeyValue> marks = await(store.list(prefix)).entries();
        marks.forEach(mark -> delete(mark.key()));
        // events of one client come in order on one thread: what is asked there comes after them
        await(replica.store.get("settled"));
    }

    void node(String name, String ip, String cidr) {
        String[] parts = cidr.split("/");
        put(
                KEYS.nodes() + "default/" + name,
                "{\"Name\":\"" + name + "\",\"Cluster\":\"default\",\"IPAddresses\":[{\"Type\":\"InternalIP\",\"IP\":\""
                        + ip + "\"}],\"IPv4AllocCIDR\":{\"IP\":\"" + parts[0] + "\",\"Mask\":\"////AA==\"}}");
        put("fairlead/ipam/v1/address/" + ip, "default/" + name);
        put(Realm.CLAIMS + "default/" + name, "{\"podCidr\":\"" + cidr + "\",\"addresses\":[\"" + ip + "\"]}");
    }

    void release(String name) {
        delete(KEYS.nodes() + "default/" + name);
        delete(Realm.CLAIMS + "default/" + name);
        await(store.list("fairlead/ipam/v1/address/")).entries().stream()
                .filter(entry -> entry.value().equals("default/" + name))
                .forEach(entry -> delete(entry.key()));
    }

    void publish(String node, String ip, IdentityId id, String host) {
        await(endpoints.publish(
                new NodeName(node), new Endpoint(Ip.parse(ip), id, Ip.parse(host), "default", "web-1")));
    }

    void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    void putLeased(String key, String value) {
        Lease lease = await(store.grantLease(Duration.ofHours(1)));
        await(store.commit(Txn.of(new Op.Put(key, value, lease.id()))));
    }

    void delete(String key) {
        await(store.commit(Txn.of(new Op.Delete(key))));
    }

    List<String> keys(String prefix) {
        return await(store.list(prefix)).entries().stream().map(KeyValue::key).toList();
    }

    static void eventually(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(20));
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(end)) {
                throw new AssertionError("did not happen within 20 s");
            }
            LockSupport.parkNanos(200_000);
        }
    }

    @Override
    public void close() {
        upkeep.close();
        replica.close();
        store.close();
        await(vertx.close());
    }
}
