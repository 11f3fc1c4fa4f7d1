package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.await;
import static io.fairlead.ipam.allocation.Replica.registration;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Many replicas, many nodes, a store that fails before and after it did what it was told: promise 3. */
class NeverTwiceTest {
    private static final int NODES = 24;

    @Test
    void noTwoNodesEverHoldOneBlockWhateverFails() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 15; round++) {
            race(random, "seed " + seed + " round " + round);
        }
    }

    private static void race(Random random, String what) {
        Vertx vertx = Vertx.vertx();
        MemoryKvStore store = new MemoryKvStore();
        List<Replica> replicas = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                replicas.add(new Replica(store.sibling(), vertx, "10.244.0.0/19", 24));
            }
            replicas.forEach(Replica::synced);
            for (int wave = 0; wave < 6; wave++) {
                wave(random, replicas, what);
                check(store, what);
            }
            settle(replicas, store, what);
        } finally {
            replicas.forEach(Replica::close);
            store.close();
            await(vertx.close());
        }
    }

    private static void wave(Random random, List<Replica> replicas, String what) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Replica replica = replicas.get(random.nextInt(replicas.size()));
            MemoryKvStore client = (MemoryKvStore) replica.store;
            switch (random.nextInt(8)) {
                case 0 -> client.failNext(random.nextInt(3));
                case 1 -> client.loseNextAnswers(random.nextInt(3));
                case 2 -> client.disconnect();
                case 3 -> client.reconnect();
                default -> {}
            }
            int node = random.nextInt(NODES);
            running.add(
                    switch (random.nextInt(6)) {
                        case 0 -> replica.allocator.release(new NodeName("n" + node));
                        case 1 ->
                            replica.allocator.register(
                                    registration("n" + node, ip(node), "10.244." + random.nextInt(32) + ".0/24"));
                        default -> replica.allocator.register(registration("n" + node, ip(node)));
                    });
        }
        for (Future<?> future : running) {
            try {
                await(future);
            } catch (IpamException | KvException e) {
                assertThat(e).as(what).hasMessageNotContaining("null");
            }
        }
    }

    /** In the end every node registers, at once and twice, and each has one block of its own. */
    private static void settle(List<Replica> replicas, MemoryKvStore store, String what) {
        for (Replica replica : replicas) {
            MemoryKvStore client = (MemoryKvStore) replica.store;
            client.reconnect();
            client.failNext(0);
            client.loseNextAnswers(0);
        }
        Map<Integer, List<Future<Registered>>> running = new HashMap<>();
        for (int i = 0; i < 2 * NODES; i++) {
            int node = i % NODES;
            running.computeIfAbsent(node, n -> new ArrayList<>())
                    .add(replicas.get(i % replicas.size()).allocator.register(registration("n" + node, ip(node))));
        }
        List<Cidr> all = new ArrayList<>();
        running.forEach((node, futures) -> {
            Cidr first = await(futures.get(0)).podCidr();
            futures.forEach(f -> assertThat(await(f).podCidr()).as(what).isEqualTo(first));
            all.add(first);
        });
        assertThat(all).as(what).doesNotHaveDuplicates().hasSize(NODES);
        check(store, what);
        assertThat(await(store.list("fairlead/ipam/v1/block/")).entries())
                .as(what)
                .hasSize(NODES);
    }

    /** Records, claims and blocks say the same, at every moment. */
    private static void check(MemoryKvStore store, String what) {
        List<KeyValue> entries = await(store.list("")).entries();
        Map<String, String> blocks = new HashMap<>();
        Map<String, String> claims = new HashMap<>();
        Map<String, String> records = new HashMap<>();
        for (KeyValue entry : entries) {
            String key = entry.key();
            if (key.startsWith("fairlead/ipam/v1/block/")) {
                blocks.put(entry.value(), key.substring("fairlead/ipam/v1/block/".length()));
            } else if (key.startsWith("fairlead/ipam/v1/node/")) {
                claims.put(
                        key.substring("fairlead/ipam/v1/node/".length()),
                        Claim.decode(entry.value()).podCidr().toString());
            } else if (key.startsWith("cilium/")) {
                records.put(
                        key.substring("cilium/state/nodes/v1/".length()),
                        NodeRecord.decode(entry.value())
                                .networks()
                                .v4Alloc()
                                .orElseThrow()
                                .toString());
            }
        }
        assertThat(claims).as(what).isEqualTo(blocks).isEqualTo(records);
        assertThat(claims.values()).as(what).doesNotHaveDuplicates();
    }

    private static String ip(int node) {
        return "192.168.2." + (10 + node);
    }
}
