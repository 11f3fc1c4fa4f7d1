package io.fairlead.kvstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.FailureKind;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store promises. Each test writes under a prefix of its own. */
@SuppressWarnings("try") // a watch is open for its listener, nobody calls it
public abstract class KvStoreContract {
    private static final AtomicInteger PREFIXES = new AtomicInteger();

    /** The prefix of this test. */
    protected final String prefix = "test/" + PREFIXES.incrementAndGet() + "/";

    /** A client that {@link #cutOff()} does not reach. */
    protected abstract KvStore writer();

    /** A client whose connection can be cut. */
    protected abstract KvStore observer();

    protected abstract void cutOff();

    protected abstract void restore();

    protected abstract void compact(long revision);

    /** Another client of the same data, not cut off; the test closes it. */
    protected abstract KvStore another();

    protected static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof KvException known) {
                throw known;
            }
            throw new AssertionError(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the future did not end", e);
        }
    }

    protected long put(String key, String value) {
        return get(writer().commit(Txn.of(Op.put(prefix + key, value)))).revision();
    }

    protected long delete(String key) {
        return get(writer().commit(Txn.of(new Op.Delete(prefix + key)))).revision();
    }

    protected Map<String, String> listed(String under) {
        return get(writer().list(under)).entries().stream()
                .collect(Collectors.toMap(KeyValue::key, KeyValue::value, (a, b) -> a, TreeMap::new));
    }

    protected static FailureKind kindOf(Future<?> future) {
        try {
            get(future);
        } catch (KvException e) {
            assertThat(e).hasMessageContaining(":");
            return e.kind();
        }
        throw new AssertionError("expected a failure");
    }

    @Test
    void clientsOfTheSameDataNameTheSameLineage() {
        String lineage = get(writer().lineage());

        put("lineage/changes-nothing", "x");

        assertThat(lineage).isNotEmpty();
        assertThat(get(writer().lineage())).isEqualTo(lineage);
        assertThat(get(observer().lineage())).isEqualTo(lineage);
    }

    @Test
    void getSaysValueAndRevisions() {
        assertThat(get(writer().get(prefix + "a"))).isEmpty();
        long created = put("a", "1");
        long changed = put("a", "2");
        KeyValue entry = get(writer().get(prefix + "a")).orElseThrow();
        assertThat(entry).isEqualTo(new KeyValue(prefix + "a", "2", created, changed, 0));
        assertThat(changed).isGreaterThan(created);
        delete("a");
        assertThat(get(writer().get(prefix + "a"))).isEmpty();
        long again = put("a", "3");
        assertThat(get(writer().get(prefix + "a")).orElseThrow().createRevision())
                .isEqualTo(again);
    }

    @Test
    void whatAKeyHeldAtARevisionIsSaidUntilItIsCompactedAway() {
        long created = put("a", "1");
        long changed = put("a", "2");
        long gone = delete("a");
        long again = put("a", "3");
        String key = prefix + "a";

        assertThat(get(writer().getAt(key, created - 1))).isEmpty();
        assertThat(get(writer().getAt(key, created))).contains(new KeyValue(key, "1", created, created, 0));
        assertThat(get(writer().getAt(key, changed))).contains(new KeyValue(key, "2", created, changed, 0));
        assertThat(get(writer().getAt(key, gone))).isEmpty();
        assertThat(get(writer().getAt(key, again)).map(KeyValue::value)).contains("3");
        assertThat(kindOf(writer().getAt(key, again + 1000))).isEqualTo(FailureKind.RESYNC);
        assertThat(kindOf(writer().getAt(key, 0))).isEqualTo(FailureKind.GIVE_UP);

        compact(changed);

        assertThat(get(writer().getAt(key, changed)).map(KeyValue::value)).contains("2");
        assertThat(get(writer().getAt(key, gone))).isEmpty();
        assertThat(kindOf(writer().getAt(key, created))).isEqualTo(FailureKind.RESYNC);

        compact(again);

        assertThat(get(writer().getAt(key, again)).map(KeyValue::value)).contains("3");
        assertThat(kindOf(writer().getAt(key, gone))).isEqualTo(FailureKind.RESYNC);
    }

    @Test
    void valuesMayBeEmptyAndBeyondAscii() {
        put("empty", "");
        put("grün/☃/\ud83d\ude80", "wörld \ud83d\ude80");
        assertThat(listed(prefix))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(prefix + "empty", "", prefix + "grün/☃/\ud83d\ude80", "wörld \ud83d\ude80"));
    }

    @Test
    void listIsSortedAndHoldsOnlyThePrefix() {
        List.of("b/2", "a", "b/1", "b0", "b", "c").forEach(key -> put(key, "v"));
        assertThat(get(writer().list(prefix + "b/")).entries())
                .extracting(KeyValue::key)
                .containsExactly(prefix + "b/1", prefix + "b/2");
        assertThat(get(writer().list(prefix)).entries())
                .extracting(e -> e.key().substring(prefix.length()))
                .containsExactly("a", "b", "b/1", "b/2", "b0", "c");
        assertThat(get(writer().list(prefix + "zz")).entries()).isEmpty();
        assertThat(get(writer().list("")).entries()).extracting(KeyValue::key).contains(prefix + "a");
    }

    @Test
    void aTransactionTakesOneBranch() {
        long created = put("a", "1");
        String a = prefix + "a";
        String b = prefix + "b";
        Map<Condition, Boolean> cases = new HashMap<>();
        cases.put(new Condition.Exists(a), true);
        cases.put(new Condition.Exists(b), false);
        cases.put(new Condition.Missing(a), false);
        cases.put(new Condition.Missing(b), true);
        cases.put(new Condition.Unchanged(a, created), true);
        cases.put(new Condition.Unchanged(a, created - 1), false);
        cases.put(new Condition.Unchanged(b, 0), true);
        cases.put(new Condition.ValueIs(a, "1"), true);
        cases.put(new Condition.ValueIs(a, "2"), false);
        cases.put(new Condition.ValueIs(b, ""), false);
        cases.put(new Condition.NoneUnder(b), true);
        cases.put(new Condition.NoneUnder(a), false);
        cases.put(new Condition.NoneUnder(prefix), false);
        cases.put(new Condition.NoneUnder(a + "/"), true);
        cases.forEach((condition, holds) -> {
            Txn txn = Txn.when(condition).then(new Op.Get(a)).otherwise(new Op.Get(b));
            TxnResult result = get(writer().commit(txn));
            assertThat(result.succeeded()).as("%s", condition).isEqualTo(holds);
            assertThat(result.reads()).hasSize(1);
            assertThat(result.reads().get(0)).hasSize(holds ? 1 : 0);
        });
        Txn both = Txn.when(new Condition.Exists(a), new Condition.Exists(b)).then(Op.put(a, "no"));
        assertThat(get(writer().commit(both)).succeeded()).isFalse();
        assertThat(listed(prefix)).containsExactly(Map.entry(a, "1"));
    }

    @Test
    void readsOfATransactionSeeItsWritesAndComeInOrder() {
        put("x/1", "old");
        Txn txn = Txn.of(
                new Op.GetPrefix(prefix + "x/"),
                Op.put(prefix + "x/2", "new"),
                new Op.Delete(prefix + "x/1"),
                new Op.GetPrefix(prefix + "x/"),
                new Op.Get(prefix + "none"));
        TxnResult result = get(writer().commit(txn));
        assertThat(result.reads()).hasSize(3);
        assertThat(result.reads().get(0)).extracting(KeyValue::value).containsExactly("old");
        assertThat(result.reads().get(1)).extracting(KeyValue::value).containsExactly("new");
        assertThat(result.reads().get(1).get(0).modRevision()).isEqualTo(result.revision());
        assertThat(result.reads().get(2)).isEmpty();
    }

    @Test
    void deletingNothingMakesNoRevision() {
        long before = put("a", "1");
        assertThat(delete("none")).isEqualTo(before);
    }

    @Test
    void badTransactionsAreRefused() {
        String a = prefix + "a";
        assertThat(kindOf(writer().commit(Txn.of(Op.put("", "v"))))).isEqualTo(FailureKind.GIVE_UP);
        assertThat(kindOf(writer().commit(Txn.of(Op.put(a, "1"), Op.put(a, "2")))))
                .isEqualTo(FailureKind.GIVE_UP);
        assertThat(kindOf(writer().commit(Txn.of(new Op.Put(a, "1", 4711))))).isEqualTo(FailureKind.RESYNC);
        Op[] many = new Op[129];
        Arrays.setAll(many, i -> Op.put(a + i, "v"));
        assertThat(kindOf(writer().commit(Txn.of(many)))).isEqualTo(FailureKind.GIVE_UP);
        assertThat(kindOf(writer().get(""))).isEqualTo(FailureKind.GIVE_UP);
        assertThat(kindOf(writer().grantLease(Duration.ZERO))).isEqualTo(FailureKind.GIVE_UP);
        assertThat(listed(prefix)).isEmpty();
    }

    @Test
    void ofTwoWritersGuardedByOneConditionOnlyOneSucceeds() {
        List<Future<TxnResult>> racing = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Txn txn = Txn.when(new Condition.Missing(prefix + "a")).then(Op.put(prefix + "a", "writer " + i));
            racing.add((i % 2 == 0 ? writer() : observer()).commit(txn));
        }
        assertThat(racing.stream().filter(f -> get(f).succeeded())).hasSize(1);
    }

    @Test
    void watchListsThenSyncsThenFollows() {
        put("a", "1");
        long second = put("b", "1");
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix, seen)) {
            seen.awaitSynced(1);
            List<WatchEvent> first = seen.events();
            assertThat(first).hasSize(3);
            assertThat(first.get(2)).isInstanceOf(WatchEvent.Synced.class);
            assertThat(first.get(2).revision()).isGreaterThanOrEqualTo(second);
            put("c", "1");
            delete("a");
            put("b", "2");
            seen.awaitReplay(Map.of(prefix + "b", "2", prefix + "c", "1"));
            assertThat(seen.synced()).isEqualTo(1);
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void watchOfNothingSyncsAtOnce() {
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix, seen)) {
            seen.awaitSynced(1);
            assertThat(seen.events()).hasSize(1);
        }
    }

    @Test
    void eventsOfOneRevisionComeInOneCallAndOthersPrefixesDoNot() {
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix + "in/", seen)) {
            seen.awaitSynced(1);
            put("in/gone", "x");
            long revision = get(writer().commit(Txn.of(
                            Op.put(prefix + "in/1", "v"),
                            Op.put(prefix + "out/1", "v"),
                            new Op.Delete(prefix + "in/gone"),
                            Op.put(prefix + "in/2", "v"))))
                    .revision();
            seen.awaitReplay(Map.of(prefix + "in/1", "v", prefix + "in/2", "v"));
            List<List<WatchEvent>> calls = seen.calls().stream()
                    .filter(call -> call.stream().anyMatch(e -> e.revision() == revision))
                    .toList();
            assertThat(calls).hasSize(1);
            assertThat(calls.get(0).stream().filter(e -> e.revision() == revision))
                    .hasSize(3);
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void aWatchOfSeveralPrefixesSaysAllOfThemInOneOrderAndNothingBetween() {
        put("a/listed", "1");
        put("b/between", "1");
        put("c/listed", "1");
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(List.of(prefix + "c/", prefix + "a/", prefix + "a/x/"), seen)) {
            seen.awaitSynced(1);
            long revision = get(writer().commit(Txn.of(
                            Op.put(prefix + "c/1", "v"),
                            Op.put(prefix + "b/1", "v"),
                            Op.put(prefix + "a/x/1", "v"),
                            new Op.Delete(prefix + "a/listed"))))
                    .revision();
            for (int i = 0; i < 20; i++) {
                put((i % 2 == 0 ? "a/" : "c/") + "last", "v" + i);
                put("b/last", "v" + i);
            }
            seen.awaitReplay(Map.of(
                    prefix + "a/x/1", "v",
                    prefix + "c/listed", "1",
                    prefix + "c/1", "v",
                    prefix + "a/last", "v18",
                    prefix + "c/last", "v19"));
            List<WatchEvent> all = seen.events();
            assertThat(all.stream().filter(e -> e.revision() == revision)).hasSize(3);
            int synced = IntStream.range(0, all.size())
                    .filter(i -> all.get(i) instanceof WatchEvent.Synced)
                    .findFirst()
                    .orElseThrow();
            assertThat(all.subList(synced, all.size()).stream().map(WatchEvent::revision))
                    .isSorted();
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void aClosedWatchSaysNothing() {
        Recorder closed = new Recorder();
        Recorder open = new Recorder();
        Watch first = observer().watch(prefix, closed);
        try (Watch second = observer().watch(prefix, open)) {
            closed.awaitSynced(1);
            open.awaitSynced(1);
            first.close();
            first.close();
            put("a", "1");
            open.awaitReplay(Map.of(prefix + "a", "1"));
            assertThat(closed.replay()).isEmpty();
        }
    }

    @Test
    void aListenerThatThrowsKeepsItsWatch() {
        Recorder seen = new Recorder();
        WatchListener throwing = events -> {
            seen.onEvents(events);
            throw new IllegalStateException("the listener's own fault");
        };
        try (Watch watch = observer().watch(prefix, throwing)) {
            seen.awaitSynced(1);
            put("a", "1");
            put("a", "2");
            seen.awaitReplay(Map.of(prefix + "a", "2"));
        }
    }

    @Test
    void watchCatchesUpAfterBeingCutOff() {
        put("a", "1");
        put("b", "1");
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix, seen)) {
            seen.awaitSynced(1);
            cutOff();
            Recorder.await("disrupted", () -> seen.disrupted() == 1);
            delete("a");
            put("b", "2");
            put("c", "1");
            assertThat(seen.replay()).isEqualTo(Map.of(prefix + "a", "1", prefix + "b", "1"));
            restore();
            seen.awaitReplay(Map.of(prefix + "b", "2", prefix + "c", "1"));
            put("d", "1");
            seen.awaitReplay(Map.of(prefix + "b", "2", prefix + "c", "1", prefix + "d", "1"));
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void watchListsAgainAfterACompactionItMissedAndSaysWhatVanished() {
        put("gone", "1");
        put("kept", "1");
        put("changed", "1");
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix, seen)) {
            seen.awaitSynced(1);
            cutOff();
            Recorder.await("disrupted", () -> seen.disrupted() == 1);
            delete("gone");
            put("changed", "2");
            long last = put("new", "1");
            compact(last);
            restore();
            seen.awaitSynced(2);
            assertThat(seen.replay())
                    .isEqualTo(Map.of(prefix + "kept", "1", prefix + "changed", "2", prefix + "new", "1"));
            List<WatchEvent> again = seen.calls().get(1);
            assertThat(again).hasSize(4);
            assertThat(again.stream().filter(WatchEvent.Delete.class::isInstance))
                    .hasSize(1);
            put("later", "1");
            Recorder.await("later", () -> seen.replay().containsKey(prefix + "later"));
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void aWatchOpenedWhileCutOffSyncsLater() {
        put("a", "1");
        cutOff();
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix, seen)) {
            Recorder.await("disrupted", () -> seen.disrupted() == 1);
            restore();
            seen.awaitSynced(1);
            assertThat(seen.replay()).isEqualTo(Map.of(prefix + "a", "1"));
        }
    }

    @Test
    void requestsFailWithRetryWhileCutOff() {
        put("a", "1");
        cutOff();
        assertThat(kindOf(observer().get(prefix + "a"))).isEqualTo(FailureKind.RETRY);
        assertThat(kindOf(observer().list(prefix))).isEqualTo(FailureKind.RETRY);
        assertThat(kindOf(observer().commit(Txn.of(Op.put(prefix + "a", "2"))))).isEqualTo(FailureKind.RETRY);
        assertThat(get(observer().status()).healthy()).isFalse();
        restore();
        Recorder.await("healthy", () -> get(observer().status()).healthy());
        assertThat(get(observer().get(prefix + "a"))).isPresent();
    }

    @Test
    void aRevokedLeaseTakesItsKeysAlong() {
        Lease lease = get(writer().grantLease(Duration.ofSeconds(30)));
        Recorder seen = new Recorder();
        try (Watch watch = observer().watch(prefix, seen)) {
            seen.awaitSynced(1);
            get(writer().commit(Txn.of(new Op.Put(prefix + "a", "1", lease.id()), Op.put(prefix + "b", "1"))));
            assertThat(get(writer().get(prefix + "a")).orElseThrow().lease()).isEqualTo(lease.id());
            seen.awaitReplay(Map.of(prefix + "a", "1", prefix + "b", "1"));
            assertThat(lease.lost().isComplete()).isFalse();
            get(lease.revoke());
            get(lease.lost());
            seen.awaitReplay(Map.of(prefix + "b", "1"));
            get(lease.revoke());
        }
    }

    @Test
    void aLeaseIsRenewedWhileItsStoreIsOpenAndRunsOutAfterwards() {
        KvStore owner = another();
        Lease lease = get(owner.grantLease(Duration.ofSeconds(1)));
        get(owner.commit(Txn.of(new Op.Put(prefix + "a", "1", lease.id()))));
        long limit = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        Recorder.await("three lease times", () -> System.nanoTime() > limit);
        assertThat(get(writer().get(prefix + "a"))).isPresent();
        assertThat(lease.lost().isComplete()).isFalse();
        owner.close();
        Recorder.await("expired", () -> get(writer().get(prefix + "a")).isEmpty());
    }

    @Test
    void aClosedStoreRefuses() {
        KvStore store = another();
        Recorder seen = new Recorder();
        Watch watch = store.watch(prefix, seen);
        seen.awaitSynced(1);
        store.close();
        store.close();
        assertThatThrownBy(() -> get(store.get(prefix + "a")))
                .isInstanceOfSatisfying(
                        KvException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.GIVE_UP))
                .hasMessageContaining("closed");
        assertThat(get(store.status()).healthy()).isFalse();
        put("a", "1");
        assertThat(seen.replay()).isEmpty();
        watch.close();
    }

    @Test
    void nothingIsLostOrInventedOverCutsAndCompactions() {
        for (int round = 0; round < 3; round++) {
            long seed = new Random().nextLong();
            try {
                randomRound(new Random(seed), prefix + round + "/");
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private void randomRound(Random random, String under) {
        Map<String, Long> written = new HashMap<>();
        List<Recorder> recorders = new ArrayList<>();
        List<Watch> watches = new ArrayList<>();
        boolean cut = false;
        for (int step = 0; step < 200; step++) {
            int what = random.nextInt(40);
            if (what == 0 && watches.size() < 5) {
                Recorder recorder = new Recorder();
                recorders.add(recorder);
                watches.add(observer().watch(under, recorder));
            } else if (what == 1 && !cut) {
                cutOff();
                cut = true;
            } else if (what <= 3 && cut) {
                restore();
                cut = false;
            } else if (what == 4) {
                compact(put("compaction", "made at step " + step));
            } else {
                randomTxn(random, under, step, written);
            }
        }
        if (cut) {
            restore();
        }
        Map<String, String> end = listed(under);
        for (Recorder recorder : recorders) {
            recorder.awaitReplay(end);
            assertThat(recorder.breaches()).isEmpty();
            for (WatchEvent event : recorder.events()) {
                if (event instanceof WatchEvent.Put put) {
                    KeyValue entry = put.entry();
                    assertThat(written).containsEntry(entry.key() + "=" + entry.value(), entry.modRevision());
                }
            }
        }
        watches.forEach(Watch::close);
    }

    private void randomTxn(Random random, String under, int step, Map<String, Long> written) {
        Map<String, Op> ops = new HashMap<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            String key = under + "k" + random.nextInt(12);
            ops.put(key, random.nextInt(3) == 0 ? new Op.Delete(key) : Op.put(key, "v" + step));
        }
        long revision =
                get(writer().commit(Txn.of(ops.values().toArray(Op[]::new)))).revision();
        ops.values().forEach(op -> {
            if (op instanceof Op.Put put) {
                written.put(put.key() + "=" + put.value(), revision);
            }
        });
    }
}
