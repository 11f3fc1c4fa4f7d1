package io.fairlead.identity.upkeep;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.allocation.Allocated;
import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.allocation.Replica;
import io.fairlead.identity.endpoints.Endpoint;
import io.fairlead.identity.endpoints.EndpointPublisher;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.runtime.retry.Timers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Replicas allocate, publish, release and take back at once, over a store that fails and with few numbers left, so that
 * numbers change their meaning often. Every revision of the store is checked by {@link History}.
 */
class NeverTwiceWithUpkeepTest {
    private static final int FEW = 14;

    private final Vertx vertx = Vertx.vertx();
    private final MemoryKvStore store = new MemoryKvStore();
    private final AtomicLong acknowledged = new AtomicLong();
    private final List<Member> members = new ArrayList<>();

    private record Member(Replica replica, Upkeep upkeep, EndpointPublisher endpoints) {}

    @Test
    void nothingThatIsUsedIsTakenBackAndNoNumberChangesItsMeaningUnderANode() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        History history = new History(acknowledged::get);
        Watch watch = store.watch("", history);
        try {
            race(random, history, "seed " + seed);
        } finally {
            watch.close();
            members.forEach(member -> {
                member.upkeep().close();
                member.replica().close();
            });
            store.close();
            await(vertx.close());
        }
    }

    private void race(Random random, History history, String what) {
        for (int i = 0; i < 3; i++) {
            members.add(member());
        }
        for (int n = 0; n < 4; n++) {
            put("cilium/state/nodes/v1/default/n" + n, "{\"Name\":\"n" + n + "\",\"Cluster\":\"default\"}");
        }
        for (int wave = 0; wave < 25; wave++) {
            wave(random, what);
            acknowledged.set(await(store.list("nothing")).revision() - random.nextInt(40));
            assertThat(history.violations()).as(what).isEmpty();
        }
        // quiet: everything is released, and then everything comes back
        members.forEach(member -> ((MemoryKvStore) member.replica().store).reconnect());
        await(store.list(Replica.KEYS.references())).entries().forEach(entry -> delete(entry.key()));
        await(store.list(Bench.KEYS.ips())).entries().forEach(entry -> delete(entry.key()));
        acknowledged.set(Long.MAX_VALUE);
        Bench.eventually(() -> {
            await(Future.all(members.stream().map(m -> m.upkeep().pass()).toList()));
            return members.get(0).replica().known.available() == FEW;
        });
        assertThat(history.violations()).as(what).isEmpty();
        assertThat(history.changedMeaning())
                .as("%s: numbers that changed their meaning", what)
                .isPositive();
    }

    private void wave(Random random, String what) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Member member = members.get(random.nextInt(members.size()));
            MemoryKvStore client = (MemoryKvStore) member.replica().store;
            switch (random.nextInt(14)) {
                case 0 -> client.failNext(random.nextInt(3));
                case 1 -> client.loseNextAnswers(random.nextInt(3));
                case 2 -> client.disconnect();
                case 3, 4, 5 -> client.reconnect();
                case 6, 7 -> running.add(member.upkeep().pass());
                default -> {}
            }
            running.add(use(random, member));
        }
        for (Future<?> future : running) {
            try {
                await(future);
            } catch (KvException e) {
                assertThat(e).as(what).hasMessageNotContaining("null");
            } catch (IdentityException e) {
                assertThat(e.reason())
                        .as("%s: %s", what, e.getMessage())
                        .isIn(
                                IdentityException.Reason.EXHAUSTED,
                                IdentityException.Reason.BUSY,
                                IdentityException.Reason.UNKNOWN);
            }
        }
    }

    /** A node starts a pod, or ends one: in the order in which an agent does it. */
    private static Future<Void> use(Random random, Member member) {
        NodeName node = new NodeName("n" + random.nextInt(4));
        String labels = "k8s:app=" + random.nextInt(20);
        Ip ip = Ip.parse("10.244.0." + (1 + random.nextInt(30)));
        Ip host = Ip.parse("192.168.2." + (1 + random.nextInt(4)));
        boolean ends = random.nextInt(3) > 0;
        boolean publishes = random.nextInt(3) == 0;
        return member.replica().start(node.value(), labels).map(Allocated::id).compose(id -> {
            Future<Void> published = publishes
                    ? member.endpoints()
                            .publish(node, new Endpoint(ip, id, host, "", ""))
                            .<Void>mapEmpty()
                    : Future.<Void>succeededFuture();
            return ends
                    ? published
                            .compose(done -> member.endpoints().withdraw(ip, host))
                            .compose(done -> member.replica().allocator.release(node, id))
                    : published;
        });
    }

    private Member member() {
        MemoryKvStore client = store.sibling();
        Replica replica = Replica.withFew(client, id -> id > IdentityId.MAX_ALLOCATED - FEW, vertx);
        Timers real = Timers.of(vertx);
        Timers fast = new Timers() {
            @Override
            public long nanoTime() {
                return System.nanoTime() * 10_000;
            }

            @Override
            public Pending after(Duration delay, Runnable action) {
                return real.after(Duration.ofMillis(1), action);
            }
        };
        Upkeep upkeep = new Upkeep(
                new Realm(client, Replica.KEYS, Bench.KEYS, ClusterName.DEFAULT, 0),
                new UpkeepOptions(Duration.ofSeconds(1), 1_000_000, Duration.ofSeconds(1), Duration.ofHours(1)),
                replica.known,
                () -> Future.succeededFuture(acknowledged.get()),
                fast,
                new SimpleMeterRegistry());
        await(upkeep.synced());
        return new Member(
                replica, upkeep, new EndpointPublisher(client, Replica.KEYS, replica.known, Bench.KEYS.ips()));
    }

    private void put(String key, String value) {
        await(store.commit(Txn.of(Op.put(key, value))));
    }

    private void delete(String key) {
        await(store.commit(Txn.of(new Op.Delete(key))));
    }
}
