package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Replicas on a store in memory, and the words in which tests speak of both. */
abstract class OnAStore {
    static final String RECORD = "cilium/state/nodes/v1/default/";

    final FakeProgress progress = new FakeProgress();
    Vertx vertx;
    MemoryKvStore store;
    private final List<Replica> replicas = new ArrayList<>();

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        store = new MemoryKvStore();
    }

    @AfterEach
    void stop() {
        replicas.forEach(Replica::close);
        store.close();
        await(vertx.close());
    }

    Replica replica(String pool, int maskSize) {
        return unseeded(pool, maskSize).synced();
    }

    /** One that has not written its pool yet. */
    Replica unseeded(String pool, int maskSize) {
        Replica replica = new Replica(store, vertx, progress, pool, maskSize);
        replicas.add(replica);
        await(replica.occupancy.synced());
        return replica;
    }

    void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    String value(String key) {
        return await(store.get(key)).orElseThrow().value();
    }

    static void refused(ThrowingCallable call, Reason reason, String message) {
        assertThatThrownBy(call).isInstanceOfSatisfying(IpamException.class, e -> {
            assertThat(e.getMessage()).contains(message);
            assertThat(e.reason()).isEqualTo(reason);
        });
    }

    static void eventually(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(10));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
