package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.KEYS;
import static io.fairlead.ipam.allocation.Replica.await;
import static io.fairlead.ipam.allocation.Replica.registration;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.ClusterName;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.runtime.retry.Timers;
import io.fairlead.runtime.retry.testing.ManualTimers;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A store that was restored from a backup does not know all that nodes hold. */
class RestoredTest {
    private static final Duration GRACE = Duration.ofSeconds(60);

    private final MemoryKvStore memory = new MemoryKvStore();
    private final CountingStore store = new CountingStore(memory, 0);
    private final ManualTimers timers = new ManualTimers();
    private final Restored restored = new Restored(store, KEYS, GRACE, timers);
    private Vertx vertx;
    private Replica replica;
    private NodeAllocator allocator;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        replica = new Replica(memory.sibling(), vertx, new FakeProgress(), "10.244.0.0/16", 24).synced();
        allocator = new NodeAllocator(
                store,
                KEYS,
                new NodeAllocator.Cluster(new ClusterName("default"), 0),
                new NodeAllocator.Blocked(replica.occupancy, replica.withdrawals, restored),
                Timers.of(vertx));
    }

    @AfterEach
    void stop() {
        replica.close();
        memory.close();
        await(vertx.close());
    }

    private String register(String node, String ip, String... requested) {
        return await(allocator.register(registration(node, ip, requested)))
                .podCidrs()
                .get(0)
                .toString();
    }

    private void refused(String node, String ip) {
        assertThatThrownBy(() -> register(node, ip)).isInstanceOfSatisfying(IpamException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.BUSY);
            assertThat(e).hasMessageContaining("the store was restored from a backup");
        });
    }

    @Test
    void afterARestoreNodesRegisterWithWhatTheyHaveBeforeNewBlocksAreGiven() {
        assertThat(register("dev1", "192.168.2.31")).isEqualTo("10.244.0.0/24");
        store.restored("another");
        timers.advance(Restored.TRUSTED);
        // the backup knows nothing of dev2, which runs with the next block
        refused("dev3", "192.168.2.33");
        assertThat(restored.text().orElseThrow()).contains("for 60 s more no new block is given");
        assertThat(register("dev1", "192.168.2.31")).isEqualTo("10.244.0.0/24");
        timers.advance(GRACE.minusSeconds(1));
        refused("dev3", "192.168.2.33");
        assertThat(register("dev2", "192.168.2.32", "10.244.1.0/24")).isEqualTo("10.244.1.0/24");
        timers.advance(Duration.ofSeconds(1));
        assertThat(register("dev3", "192.168.2.33")).isEqualTo("10.244.2.0/24");
        assertThat(restored.text()).isEmpty();
    }

    @Test
    void aReplicaThatStartsAfterTheRestoreWaitsTooAndOneThatStartsAfterTheGraceDoesNot() {
        await(restored.check());
        store.restored("another");
        Restored late = new Restored(store, KEYS, GRACE, timers);
        assertThat(await(late.check())).isEqualTo(GRACE);
        timers.advance(GRACE);
        assertThat(await(late.check())).isZero();
        assertThat(await(new Restored(store, KEYS, GRACE, timers).check())).isZero();
        assertThat(await(restored.check())).isZero();
    }

    @Test
    void aBackupFromBeforeTheLineageWasKeptIsNoticedByAReplicaThatRan() {
        await(restored.check());
        store.restored("another");
        await(memory.commit(Txn.of(new Op.Delete(KEYS.lineage()))));
        timers.advance(Restored.TRUSTED);
        assertThat(await(restored.check())).isEqualTo(GRACE);
    }

    @Test
    void aNewStoreIsNotWaitedFor() {
        assertThat(await(restored.check())).isZero();
        assertThat(await(new Restored(store, KEYS, GRACE, timers).check())).isZero();
    }

    @Test
    void withoutAGraceNothingIsAskedOrWritten() {
        assertThat(await(new Restored(store, KEYS, Duration.ZERO, timers).check()))
                .isZero();
        assertThat(await(memory.get(KEYS.lineage()))).isEmpty();
    }
}
