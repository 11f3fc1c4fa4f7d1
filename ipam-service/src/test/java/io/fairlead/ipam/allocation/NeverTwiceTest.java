package io.fairlead.ipam.allocation;

import static io.fairlead.ipam.allocation.Replica.await;
import static io.fairlead.ipam.allocation.Replica.registration;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.pool.Pool;
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

/**
 * Many replicas, many nodes with blocks of both families, pools that grow, nodes that acknowledge when they like, and a store
 * that fails before and after it did what it was told: promise 3, looked at in every revision.
 */
class NeverTwiceTest {
    private static final int NODES = 16;
    private static final int ROUNDS = 12;

    @Test
    void noTwoNodesEverHoldOneBlockAndNoneChangesHandsTooEarlyWhateverFails() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int changedHands = 0;
        for (int round = 0; round < ROUNDS; round++) {
            changedHands += new Race(random, "seed " + seed + " round " + round).run();
        }
        assertThat(changedHands)
                .as("blocks that had two owners one after the other, seed " + seed)
                .isPositive();
    }

    /** One store and its replicas. */
    private static final class Race {
        private final Random random;
        private final String what;
        private final Vertx vertx = Vertx.vertx();
        private final MemoryKvStore store = new MemoryKvStore();
        private final FakeProgress progress = new FakeProgress();
        private final History history = new History(store, progress);
        private final List<Replica> replicas = new ArrayList<>();
        private final Map<Integer, List<Cidr>> had = new HashMap<>();
        private final boolean acksWithinWaves;
        private int requests;
        private int pools;

        Race(Random random, String what) {
            this.random = random;
            this.what = what;
            this.acksWithinWaves = random.nextBoolean();
        }

        int run() {
            try {
                for (int i = 0; i < 3; i++) {
                    replicas.add(new Replica(store.sibling(), vertx, progress, "10.244.0.0/20,fd00:10::/116", 24));
                }
                replicas.forEach(Replica::synced);
                for (int wave = 0; wave < 8; wave++) {
                    wave();
                    long revision = history.caughtUp();
                    history.check(what);
                    acknowledge(revision);
                }
                settle();
                return history.changedHands();
            } finally {
                replicas.forEach(Replica::close);
                store.close();
                await(vertx.close());
            }
        }

        private void wave() {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                Replica replica = replicas.get(random.nextInt(replicas.size()));
                disturb((MemoryKvStore) replica.store);
                running.add(request(replica));
                if (acksWithinWaves && random.nextInt(8) == 0) {
                    acknowledge(await(store.list("no such key")).revision());
                }
            }
            for (Future<?> future : running) {
                try {
                    await(future);
                } catch (IpamException | KvException e) {
                    assertThat(e).as(what).hasMessageNotContaining("null");
                }
            }
        }

        private void disturb(MemoryKvStore client) {
            switch (random.nextInt(10)) {
                case 0 -> client.failNext(random.nextInt(3));
                case 1 -> client.loseNextAnswers(random.nextInt(3));
                case 2 -> client.disconnect();
                case 3, 4 -> client.reconnect();
                default -> {}
            }
        }

        private Future<?> request(Replica replica) {
            int node = random.nextInt(NODES);
            NodeName name = new NodeName("n" + node);
            Ip.Family family = random.nextBoolean() ? Ip.Family.V4 : Ip.Family.V6;
            return switch (random.nextInt(12)) {
                case 0, 1 -> replica.allocator.release(name, 0);
                case 2 ->
                    replica.allocator.register(
                            registration(name.value(), ips(node), "10.244." + random.nextInt(16) + ".0/24"));
                // a node that comes from a backup, or that comes back after others took its blocks
                case 3 ->
                    replica.allocator.register(registration(
                            name.value(),
                            ips(node),
                            had(node).stream().map(Cidr::toString).toArray(String[]::new)));
                case 4, 5 ->
                    replica.allocator
                            .addPodCidr(
                                    name, Pool.DEFAULT, family, "r" + (random.nextInt(4) == 0 ? requests : ++requests))
                            .onSuccess(done -> remember(node, done.podCidrs()));
                case 6, 7 ->
                    had(node).isEmpty()
                            ? Future.succeededFuture()
                            : replica.allocator.returnPodCidr(
                                    name, had(node).get(random.nextInt(had(node).size())), 0);
                case 8 -> random.nextInt(4) == 0 ? grow(replica) : Future.succeededFuture();
                default ->
                    replica.allocator
                            .register(registration(name.value(), ips(node)))
                            .onSuccess(done -> remember(node, done.podCidrs()));
            };
        }

        /** Replicas that want the same CIDR in different pools, at once: one of them gets it. */
        private Future<?> grow(Replica replica) {
            Cidr cidr = Cidr.parse("10.245." + pools++ + ".0/24");
            Replica other = replicas.get(random.nextInt(replicas.size()));
            return Future.join(
                    replica.pools.add(Pool.DEFAULT, List.of(cidr), 0), other.pools.add("blue", List.of(cidr), 26));
        }

        private synchronized List<Cidr> had(int node) {
            return List.copyOf(had.getOrDefault(node, List.of()));
        }

        private synchronized void remember(int node, List<Cidr> cidrs) {
            List<Cidr> all = had.computeIfAbsent(node, n -> new ArrayList<>());
            cidrs.stream().filter(c -> !all.contains(c)).forEach(all::add);
            while (all.size() > 4) {
                all.remove(0);
            }
        }

        /** Some nodes say that they have everything up to a revision; some go away. */
        private void acknowledge(long revision) {
            for (int node = 0; node < NODES; node++) {
                if (random.nextInt(10) > 0) {
                    progress.ack("n" + node, revision);
                } else if (random.nextInt(4) == 0) {
                    progress.disconnect("n" + node);
                }
            }
        }

        /** In the end every node registers, at once and twice, and each has blocks of its own. */
        private void settle() {
            for (Replica replica : replicas) {
                MemoryKvStore client = (MemoryKvStore) replica.store;
                client.reconnect();
                client.failNext(0);
                client.loseNextAnswers(0);
            }
            Map<Integer, List<Future<Registered>>> running = new HashMap<>();
            await(replicas.get(0)
                    .pools
                    .add(Pool.DEFAULT, List.of(Cidr.parse("10.246.0.0/19"), Cidr.parse("fd00:11::/112")), 0));
            for (int i = 0; i < 2 * NODES; i++) {
                int node = i % NODES;
                running.computeIfAbsent(node, n -> new ArrayList<>())
                        .add(replicas.get(i % replicas.size()).allocator.register(registration("n" + node, ips(node))));
            }
            List<Cidr> all = new ArrayList<>();
            running.forEach((node, futures) -> {
                List<Cidr> first = await(futures.get(0)).podCidrs();
                futures.forEach(f -> assertThat(await(f).podCidrs()).as(what).isEqualTo(first));
                all.addAll(first);
                for (Ip.Family family : Ip.Family.values()) {
                    assertThat(first).as(what).anyMatch(c -> c.family() == family);
                }
            });
            assertThat(all).as(what).doesNotHaveDuplicates();
            long revision = history.caughtUp();
            history.check(what);
            for (int node = 0; node < NODES; node++) {
                progress.ack("n" + node, revision);
            }
            allFree();
        }

        /** Once all nodes have everything, nothing is withheld any more. */
        private void allFree() {
            long end = System.nanoTime() + 20_000_000_000L;
            while (!await(store.list(Replica.KEYS.withheld())).entries().isEmpty()) {
                assertThat(System.nanoTime()).as(what + " withheld blocks stay").isLessThan(end);
                java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
            }
        }

        private static String ips(int node) {
            return "192.168.2." + (10 + node) + ",fd01::" + (10 + node);
        }
    }
}
