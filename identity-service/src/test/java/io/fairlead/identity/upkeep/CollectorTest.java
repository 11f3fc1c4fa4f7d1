package io.fairlead.identity.upkeep;

import static io.fairlead.identity.allocation.Replica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.NodeName;
import io.fairlead.identity.allocation.IdentityException;
import io.fairlead.identity.allocation.Replica;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Unused numbers are taken back in two passes, and rest. */
class CollectorTest {
    private static final String IDS = "cilium/state/identities/v1/id/";
    private static final String LABELS = "fairlead/identity/v1/labels/";
    private static final String FREED = "fairlead/identity/v1/freed/";

    private Bench bench = new Bench();

    @AfterEach
    void stop() {
        bench.close();
    }

    private IdentityId unused(String labels) {
        IdentityId id = bench.replica.allocate("dev1", labels);
        release(id);
        return id;
    }

    private void release(IdentityId id) {
        await(bench.replica.allocator.release(new NodeName("dev1"), id));
    }

    @Test
    void aNumberUnusedInTwoPassesIsTakenBackAndRests() {
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        IdentityId id = unused("k8s:app=web");
        bench.pass();
        assertThat(bench.keys(IDS)).containsExactly(IDS + id);
        bench.pass();
        assertThat(bench.keys(IDS)).isEmpty();
        assertThat(bench.keys(LABELS)).isEmpty();
        assertThat(bench.keys(FREED)).containsExactly(FREED + id);
        assertThat(bench.meters
                        .counter("fairlead.identity.gc.entries", "status", "deleted")
                        .count())
                .isEqualTo(1);
        assertThat(bench.meters
                        .counter("fairlead.identity.gc.runs", "outcome", "success")
                        .count())
                .isEqualTo(2);
    }

    @Test
    void aNumberUsedAgainBetweenThePassesStays() {
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        IdentityId id = unused("k8s:app=web");
        bench.pass();
        assertThat(bench.replica.allocate("dev1", "k8s:app=web")).isEqualTo(id);
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IDS)).containsExactly(IDS + id);
    }

    @Test
    void aReferenceOfAnybodyKeepsTheNumberAlsoCiliumsOwn() {
        IdentityId id = unused("k8s:app=web");
        bench.putLeased(Replica.KEYS.references("k8s:app=web;") + "192.168.2.99", id.toString());
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IDS)).containsExactly(IDS + id);
    }

    @Test
    void anEntryOfAnAddressKeepsTheNumber() {
        bench.node("dev1", "192.168.2.31", "10.244.0.0/24");
        IdentityId id = bench.replica.allocate("dev1", "k8s:app=web");
        bench.putLeased(
                Bench.KEYS.ips() + "10.9.0.7",
                "{\"IP\":\"10.9.0.7\",\"Mask\":null,\"HostIP\":\"192.168.2.99\",\"ID\":" + id + ",\"Key\":0}");
        release(id);
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IDS)).containsExactly(IDS + id);
    }

    @Test
    void numbersOfOtherClustersAndThoseNobodyAllocatesStay() {
        bench.put(IDS + (7 << 16 | 300), "k8s:app=far;");
        bench.put(IDS + 200, "k8s:app=fixed;");
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IDS)).hasSize(2);
    }

    @Test
    void aNumberThatCiliumLeftWithoutADecidingKeyIsTakenBackToo() {
        bench.put(IDS + 4711, "k8s:app=old;");
        bench.put(LABELS + "k8s:app=half;", "4712");
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IDS)).isEmpty();
        assertThat(bench.keys(LABELS)).isEmpty();
        assertThat(bench.keys(FREED)).containsExactly(FREED + 4711, FREED + 4712);
    }

    @Test
    void aDisputedNumberIsLeftForPeopleToSettle() {
        bench.put(IDS + 4711, "k8s:app=thief;");
        bench.put(LABELS + "k8s:app=web;", "4711");
        bench.put(LABELS + "k8s:app=a;", "4712");
        bench.put(LABELS + "k8s:app=b;", "4712");
        bench.pass();
        bench.pass();
        assertThat(bench.keys(IDS)).hasSize(1);
        assertThat(bench.keys(LABELS)).hasSize(3);
    }

    @Test
    void aFreedNumberIsNotGivenOutBeforeEveryNodeKnows() {
        fillAllBut(40_000);
        IdentityId id = bench.replica.allocate("dev1", "k8s:app=web");
        assertThat(id).isEqualTo(new IdentityId(40_000));
        release(id);
        bench.acknowledged = 0;
        bench.pass();
        bench.pass();
        Bench.eventually(() -> bench.replica.known.resting() == 1);
        exhausted();
        for (int i = 0; i < 3; i++) {
            bench.pass();
        }
        exhausted();
        bench.acknowledged = Long.MAX_VALUE;
        bench.pass();
        Bench.eventually(() -> bench.replica.known.available() == 1);
        assertThat(bench.replica.allocate("dev1", "k8s:app=other")).isEqualTo(id);
    }

    @Test
    void aFreedNumberRestsForAnIntervalAlsoWhenEveryNodeKnows() {
        fillAllBut(40_000);
        release(bench.replica.allocate("dev1", "k8s:app=web"));
        bench.pass();
        bench.pass();
        exhausted();
        // first seen resting now: a pass at once is no interval
        bench.finish(bench.upkeep.pass());
        bench.finish(bench.upkeep.pass());
        exhausted();
        bench.pass();
        Bench.eventually(() -> bench.replica.known.available() == 1);
        assertThat(bench.replica.allocate("dev1", "k8s:app=other").value()).isEqualTo(40_000);
    }

    /** The transaction refuses even where the watch has not said it yet. */
    @Test
    void noReplicaGivesOutANumberThatRests() {
        fillAllBut(40_000);
        bench.replica.store.close();
        Replica late = Replica.withFew(bench.store.sibling(), id -> id == 40_000, bench.vertx);
        try {
            bench.put(FREED + 40_000, "k8s:app=web;");
            assertThatThrownBy(() -> late.allocate("dev1", "k8s:app=other"))
                    .isInstanceOf(IdentityException.class)
                    .hasMessage("no more available IDs in configured space");
        } finally {
            late.close();
            bench.close();
            bench = new Bench();
        }
    }

    @Test
    void deletionsKeepToTheRate() {
        Upkeep slow = new Upkeep(
                new Realm(bench.replica.store, Replica.KEYS, Bench.KEYS, ClusterName.DEFAULT, 0),
                new UpkeepOptions(Bench.INTERVAL, 60, Bench.GRACE, Bench.UNUSED),
                bench.replica.known,
                () -> Future.succeededFuture(0L),
                bench.timers,
                bench.meters);
        await(slow.synced());
        for (int i = 0; i < 4; i++) {
            bench.put(IDS + (300 + i), "k8s:n=" + i + ";");
        }
        bench.finish(slow.pass());
        var second = slow.pass();
        Bench.eventually(() -> bench.keys(IDS).size() == 3);
        bench.timers.advance(Duration.ofMillis(900));
        assertThat(bench.keys(IDS)).hasSize(3);
        bench.timers.advance(Duration.ofMillis(101));
        Bench.eventually(() -> bench.keys(IDS).size() == 2);
        bench.timers.advance(Duration.ofSeconds(1));
        Bench.eventually(() -> bench.keys(IDS).size() == 1);
        bench.timers.advance(Duration.ofSeconds(1));
        Bench.eventually(() -> bench.keys(IDS).isEmpty());
        Bench.eventually(() -> {
            bench.timers.advance(Duration.ofSeconds(1));
            return second.isComplete();
        });
        slow.close();
    }

    @Test
    void aPassThatFailsIsCountedAndTheNextOneGoesOn() {
        ((MemoryKvStore) bench.replica.store).failNext(1);
        bench.finish(bench.upkeep.pass());
        assertThat(bench.meters
                        .counter("fairlead.identity.gc.runs", "outcome", "fail")
                        .count())
                .isEqualTo(1);
        IdentityId id = unused("k8s:app=web");
        bench.pass();
        bench.pass();
        assertThat(bench.keys(FREED)).containsExactly(FREED + id);
    }

    @Test
    void brokenEntriesOfEveryKindStopNothingAndStay() {
        List<String> broken = List.of(
                IDS + "many",
                IDS + "0300",
                IDS + "301",
                LABELS + "k8s:app=x;",
                Replica.KEYS.references("k8s:app=y;") + "-no-node-",
                Replica.KEYS.references() + "nothing",
                Bench.KEYS.ips() + "10.244.0.9",
                Bench.KEYS.ips() + "many",
                Bench.KEYS.nodes() + "default/dev9",
                Bench.KEYS.nodes() + "dev9",
                Realm.CLAIMS + "default/dev8",
                Realm.CLAIMS + "dev8");
        broken.forEach(key -> bench.put(key, "no end"));
        // of no number: nothing rests by it
        bench.put(FREED + "many", "no end");
        IdentityId id = unused("k8s:app=web");
        bench.pass();
        bench.wait(Bench.GRACE);
        bench.pass();
        bench.pass();
        assertThat(bench.keys("")).contains(broken.toArray(String[]::new)).doesNotContain(IDS + id);
        assertThat(bench.meters
                        .counter("fairlead.identity.gc.runs", "outcome", "fail")
                        .count())
                .isZero();
    }

    private void exhausted() {
        assertThatThrownBy(() -> bench.replica.allocate("dev1", "k8s:app=other"))
                .isInstanceOf(IdentityException.class)
                .hasMessage("no more available IDs in configured space");
    }

    /** Every number but one is another's. */
    private void fillAllBut(int free) {
        bench.close();
        bench = new Bench(0, id -> id == free);
    }
}
