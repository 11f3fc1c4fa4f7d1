package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Lease;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Recorder;
import io.fairlead.kvstore.StoreStatus;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.testing.EtcdServer;
import io.fairlead.kvstore.testing.EtcdServers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Servers that die, stop, come back, or come back empty. */
@Tag("etcd")
@SuppressWarnings("try") // a watch is open for its listener, nobody calls it
final class EtcdFailureTest {
    private static final Duration DEADLINE = Duration.ofMillis(700);
    private static final Duration GRACE = Duration.ofMillis(1500);

    private EtcdServer server;
    private EtcdKvStore store;

    @BeforeEach
    void start() {
        server = EtcdServers.start();
        store = new EtcdKvStore(EtcdOptions.parse(server.endpoint()).withDeadline(DEADLINE));
    }

    @AfterEach
    void stop() {
        store.close();
        server.close();
    }

    private static <T> T get(Future<T> future) {
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

    private static Map<String, String> listed(KvStore store) {
        Map<String, String> found = new TreeMap<>();
        Recorder.await("a listing", () -> {
            try {
                get(store.list("")).entries().forEach(e -> found.put(e.key(), e.value()));
                return true;
            } catch (KvException e) {
                return false;
            }
        });
        return found;
    }

    private static void failsWithRetryInTime(Future<?> future) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> get(future))
                .isInstanceOfSatisfying(
                        KvException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.RETRY));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(DEADLINE.plus(GRACE));
    }

    private void everyRequestFailsInTime() {
        List<Future<?>> all = List.of(
                store.get("a"),
                store.list("a"),
                store.commit(Txn.of(Op.put("b", "1"))),
                store.grantLease(Duration.ofSeconds(5)));
        all.forEach(EtcdFailureTest::failsWithRetryInTime);
    }

    @Test
    void aDeadServerFailsEveryRequestWithinTheDeadline() {
        get(store.commit(Txn.of(Op.put("a", "1"))));
        server.kill9();
        everyRequestFailsInTime();
        assertThat(get(store.status()))
                .isEqualTo(new StoreStatus(false, "Err: not able to connect to any etcd endpoints"));
        server.restart();
        assertThat(listed(store)).containsEntry("a", "1");
    }

    @Test
    void aStatusIsThereBeforeWhoeverAsksGivesUp() {
        try (EtcdKvStore patient = new EtcdKvStore(EtcdOptions.parse(server.endpoint()))) {
            assertThat(get(patient.status()).healthy()).isTrue();
            server.pause();
            long began = System.nanoTime();
            assertThat(get(patient.status()))
                    .isEqualTo(new StoreStatus(false, "Err: not able to connect to any etcd endpoints"));
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(1700));
        } finally {
            server.resume();
        }
    }

    @Test
    void aServerThatWasNeverThereFailsEveryRequestWithinTheDeadline() {
        server.kill9();
        try (EtcdKvStore fresh =
                new EtcdKvStore(EtcdOptions.parse(server.endpoint()).withDeadline(DEADLINE))) {
            failsWithRetryInTime(fresh.get("a"));
            failsWithRetryInTime(fresh.commit(Txn.of(Op.put("a", "1"))));
        }
    }

    @Test
    void aStoppedServerFailsEveryRequestWithinTheDeadlineAndAWatchNotices() {
        Recorder seen = new Recorder();
        try (Watch watch = store.watch("", seen)) {
            seen.awaitSynced(1);
            server.pause();
            everyRequestFailsInTime();
            assertThat(get(store.status()).healthy()).isFalse();
            Recorder.await("disrupted", () -> seen.disrupted() == 1);
            server.resume();
            Recorder.await(
                    "a write",
                    () -> store.commit(Txn.of(Op.put("c", "1")))
                            .map(TxnResult::succeeded)
                            .otherwise(false)
                            .toCompletionStage()
                            .toCompletableFuture()
                            .join());
            seen.awaitReplay(listed(store));
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void aPutThatTimedOutTakesEffectAtMostOnceWhenGuarded() {
        long revision = get(store.commit(Txn.of(Op.put("a", "1")))).revision();
        Recorder seen = new Recorder();
        try (Watch watch = store.watch("a", seen)) {
            seen.awaitSynced(1);
            Txn guarded = Txn.when(new Condition.Unchanged("a", revision))
                    .then(Op.put("a", "2"))
                    .otherwise(new Op.Get("a"));
            server.pause();
            failsWithRetryInTime(store.commit(guarded));
            server.resume();
            AtomicInteger succeeded = new AtomicInteger();
            Recorder.await("an answer", () -> {
                try {
                    succeeded.addAndGet(get(store.commit(guarded)).succeeded() ? 1 : 0);
                    return true;
                } catch (KvException e) {
                    return false;
                }
            });
            assertThat(succeeded.get()).isLessThanOrEqualTo(1);
            seen.awaitReplay(Map.of("a", "2"));
            get(store.commit(Txn.of(Op.put("a", "end"))));
            seen.awaitReplay(Map.of("a", "end"));
            assertThat(seen.events().stream().filter(WatchEvent.Put.class::isInstance))
                    .as("listed, put once, the end")
                    .hasSize(3);
        }
    }

    @Test
    void watchesSurviveKillsUnderPutLoadWithoutLossOrInvention() throws InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        AtomicInteger acknowledged = new AtomicInteger();
        Recorder seen = new Recorder();
        Thread load = new Thread(() -> {
            for (int i = 0; !done.get(); i++) {
                Txn txn = Txn.of(Op.put("load/" + i % 50, "v" + i), new Op.Delete("load/" + (i + 25) % 50));
                try {
                    get(store.commit(txn));
                    acknowledged.incrementAndGet();
                } catch (KvException e) {
                    assertThat(e.kind()).isEqualTo(FailureKind.RETRY);
                }
            }
        });
        try (Watch watch = store.watch("load/", seen)) {
            seen.awaitSynced(1);
            load.start();
            for (int kill = 0; kill < 4; kill++) {
                int before = acknowledged.get();
                Recorder.await("load", () -> acknowledged.get() > before + 20);
                server.kill9();
                server.restart();
            }
            int before = acknowledged.get();
            Recorder.await("load after the last restart", () -> acknowledged.get() > before + 20);
            done.set(true);
            load.join();
            seen.awaitReplay(listed(store));
            assertThat(seen.breaches()).isEmpty();
            assertThat(seen.disrupted()).isGreaterThanOrEqualTo(1);
            assertThat(seen.synced()).as("resumed, not listed again").isEqualTo(1);
        } finally {
            done.set(true);
        }
    }

    @Test
    void aWatchOpenedJustBeforeAKillSeesEverything() {
        for (int i = 0; i < 100; i++) {
            get(store.commit(Txn.of(Op.put("k/" + i, "v"))));
        }
        for (int round = 0; round < 3; round++) {
            Recorder seen = new Recorder();
            try (Watch watch = store.watch("k/", seen)) {
                server.kill9();
                server.restart();
                seen.awaitSynced(1);
                seen.awaitReplay(listed(store));
                assertThat(seen.breaches()).isEmpty();
            }
        }
    }

    @Test
    void aLeaseSurvivesARestartAndIsRenewedAfterwards() {
        Lease lease = get(store.grantLease(Duration.ofSeconds(2)));
        get(store.commit(Txn.of(new Op.Put("a", "1", lease.id()))));
        server.kill9();
        server.restart();
        long until = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        Recorder.await("more than two lease times", () -> System.nanoTime() > until);
        assertThat(get(store.get("a"))).isPresent();
        assertThat(lease.lost().isComplete()).isFalse();
    }

    @Test
    void aLeaseSaysThatItIsLost() {
        Lease lease = get(store.grantLease(Duration.ofSeconds(1)));
        EtcdConnection other = new EtcdConnection(EtcdOptions.parse(server.endpoint()));
        LeaseRevokeRequest request =
                LeaseRevokeRequest.newBuilder().setID(lease.id()).build();
        get(other.unary("revoke", LeaseGrpc.getLeaseRevokeMethod(), request));
        other.close();
        get(lease.lost());
        get(lease.revoke());
    }

    @Test
    void dataThatWasReplacedByOlderDataIsNoticed() {
        for (int i = 0; i < 10; i++) {
            get(store.commit(Txn.of(Op.put("a/" + i, "1"))));
        }
        Recorder seen = new Recorder();
        try (Watch watch = store.watch("a/", seen)) {
            seen.awaitSynced(1);
            server.kill9();
            server.restartEmpty();
            seen.awaitReplay(Map.of());
            get(store.commit(Txn.of(Op.put("a/new", "1"))));
            seen.awaitReplay(Map.of("a/new", "1"));
        }
    }
}
