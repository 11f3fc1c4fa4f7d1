package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.KvStoreContract;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Recorder;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.testing.EtcdServer;
import io.fairlead.kvstore.testing.EtcdServers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The contract on a server that stays up, the observer's wire being what breaks. */
@Tag("etcd")
@SuppressWarnings("try") // a watch is open for its listener, nobody calls it
final class EtcdKvStoreTest extends KvStoreContract {
    private static EtcdServer server;
    private TcpProxy wire;
    private EtcdKvStore writer;
    private EtcdKvStore observer;
    private EtcdConnection control;

    @BeforeAll
    static void start() {
        server = EtcdServers.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void connect() {
        wire = new TcpProxy(server.endpoint());
        EtcdOptions direct = EtcdOptions.parse(server.endpoint());
        writer = new EtcdKvStore(direct);
        control = new EtcdConnection(direct);
        observer = new EtcdKvStore(EtcdOptions.parse(wire.endpoint()).withDeadline(Duration.ofMillis(500)));
    }

    @AfterEach
    void close() {
        observer.close();
        writer.close();
        control.close();
        wire.close();
    }

    @Override
    protected KvStore writer() {
        return writer;
    }

    @Override
    protected KvStore observer() {
        return observer;
    }

    @Override
    protected void cutOff() {
        wire.cut();
    }

    @Override
    protected void restore() {
        wire.restore();
    }

    @Override
    protected void compact(long revision) {
        CompactionRequest request =
                CompactionRequest.newBuilder().setRevision(revision).build();
        get(control.unary("compact", KVGrpc.getCompactMethod(), request));
    }

    @Override
    protected KvStore another() {
        return new EtcdKvStore(EtcdOptions.parse(server.endpoint()));
    }

    @Test
    void transactionsSentTogetherEachKeepTheirOwnConditions() {
        Random random = new Random(20_261_101);
        List<String> keys = new ArrayList<>();
        List<Future<TxnResult>> results = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            String key = prefix + random.nextInt(60);
            keys.add(key);
            results.add(writer.commit(Txn.when(new Condition.Missing(key), new Condition.NoneUnder(key + "/"))
                    .then(Op.put(key, "writer " + i))
                    .otherwise(new Op.Get(key))));
        }
        Map<String, String> winners = new HashMap<>();
        for (int i = 0; i < results.size(); i++) {
            if (get(results.get(i)).succeeded()) {
                assertThat(winners.put(keys.get(i), "writer " + i)).isNull();
            }
        }
        assertThat(winners.keySet()).hasSameSizeAs(Set.copyOf(keys));
        for (int i = 0; i < results.size(); i++) {
            TxnResult result = get(results.get(i));
            if (!result.succeeded()) {
                assertThat(result.reads().get(0)).extracting(KeyValue::value).containsExactly(winners.get(keys.get(i)));
            }
        }
        get(writer.list(prefix))
                .entries()
                .forEach(entry -> assertThat(entry.value()).isEqualTo(winners.get(entry.key())));
    }

    @Test
    void transactionsThatHaveNothingToDoWithEachOtherShareARequest() {
        long before = get(writer.commit(Txn.of(Op.put(prefix, "x")))).revision();
        List<Future<TxnResult>> together = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            together.add(writer.commit(Txn.of(Op.put(prefix + i, "x"))));
        }
        long after = together.stream().mapToLong(f -> get(f).revision()).max().orElseThrow();
        assertThat(after - before).isBetween(1L, 100L);
        assertThat(get(writer.list(prefix)).entries()).hasSize(201);
        try (EtcdKvStore alone =
                new EtcdKvStore(EtcdOptions.parse(server.endpoint()).withoutGrouping())) {
            List<Future<TxnResult>> each = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                each.add(alone.commit(Txn.of(Op.put(prefix + i, "y"))));
            }
            assertThat(each.stream().mapToLong(f -> get(f).revision()).max().orElseThrow() - after)
                    .isEqualTo(200);
        }
    }

    @Test
    void oneThatIsRefusedDoesNoHarmToThoseSentWithIt() {
        List<Future<TxnResult>> good = new ArrayList<>();
        List<Future<TxnResult>> bad = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            good.add(writer.commit(Txn.of(Op.put(prefix + i, "x"))));
            if (i % 20 == 10) {
                // etcd takes no empty key
                bad.add(writer.commit(Txn.of(Op.put("", "x"))));
            }
        }
        good.forEach(each -> assertThat(get(each).succeeded()).isTrue());
        bad.forEach(each -> assertThatThrownBy(() -> get(each)).hasMessageContaining("key is not provided"));
    }

    @Test
    void aWatchBrokenRightAfterItWasCreatedLosesNothing() {
        Random random = new Random(20_260_101);
        Recorder seen = new Recorder();
        try (Watch watch = observer.watch(prefix, seen)) {
            seen.awaitSynced(1);
            for (int round = 0; round < 10; round++) {
                cutOff();
                int disruptions = seen.disrupted();
                List<Future<?>> puts = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    puts.add(writer.commit(Txn.of(Op.put(prefix + i, "round " + round))));
                }
                puts.forEach(KvStoreContract::get);
                restore();
                // breaks the new stream somewhere between its creation and its first batch
                for (int i = 0; i < 5; i++) {
                    long until = System.nanoTime() + random.nextInt(20_000_000);
                    Recorder.await("a moment", () -> System.nanoTime() > until);
                    wire.reset();
                }
                seen.awaitReplay(listed(prefix));
                assertThat(seen.disrupted()).isGreaterThanOrEqualTo(disruptions);
            }
            assertThat(seen.events().stream().filter(WatchEvent.Put.class::isInstance))
                    .hasSize(1000);
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void aSilentWireIsNoticedAndReplaced() {
        Recorder seen = new Recorder();
        try (Watch watch = observer.watch(prefix, seen)) {
            seen.awaitSynced(1);
            wire.silence();
            put("a", "1");
            Recorder.await("disrupted", () -> seen.disrupted() == 1);
            assertThat(seen.replay()).isEmpty();
            restore();
            seen.awaitReplay(Map.of(prefix + "a", "1"));
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void aQuietWatchIsNotDisrupted() {
        Recorder seen = new Recorder();
        try (Watch watch = observer.watch(prefix, seen)) {
            seen.awaitSynced(1);
            long until = System.nanoTime() + Duration.ofSeconds(3).toNanos();
            Recorder.await("six deadlines", () -> System.nanoTime() > until);
            assertThat(seen.disrupted()).isZero();
        }
    }

    @Test
    void twentyThousandKeysAreListedAndWatched() {
        String value = "x".repeat(200);
        List<Future<?>> puts = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Op[] hundred = new Op[100];
            for (int j = 0; j < 100; j++) {
                hundred[j] = Op.put(prefix + "%05d".formatted(i * 100 + j), value);
            }
            puts.add(writer.commit(Txn.of(hundred)));
            if (i % 8 == 7) {
                puts.forEach(KvStoreContract::get);
                puts.clear();
            }
        }
        var listing = get(writer.list(prefix));
        assertThat(listing.entries()).hasSize(20_000);
        assertThat(listing.entries().get(19_999).key()).isEqualTo(prefix + "19999");
        // one answer of 4.5 MB: more than grpc takes unless told to
        assertThat(get(writer.commit(Txn.of(new Op.GetPrefix(prefix)))).reads().get(0))
                .hasSize(20_000);
        Recorder seen = new Recorder();
        try (Watch watch = writer.watch(prefix, seen)) {
            seen.awaitSynced(1);
            assertThat(seen.events()).hasSize(20_001);
            assertThat(seen.breaches()).isEmpty();
        }
    }

    @Test
    void valuesThatFillMoreThanAnAnswerAreListedInSmallerPages() {
        String value = "x".repeat(1 << 20);
        for (int i = 0; i < 70; i++) {
            put("%02d".formatted(i), value);
        }
        List<KeyValue> entries = get(writer.list(prefix)).entries();
        assertThat(entries)
                .hasSize(70)
                .allSatisfy(entry -> assertThat(entry.value()).hasSize(value.length()));
    }

    @Test
    void pagesAreOfOneRevisionWhileKeysChange() {
        EtcdOptions small = new EtcdOptions(List.of(server.endpoint()), Duration.ofSeconds(2), 3);
        try (EtcdKvStore store = new EtcdKvStore(small)) {
            for (int i = 0; i < 30; i++) {
                put("%02d".formatted(i), "0");
            }
            for (int round = 1; round < 20; round++) {
                Op[] all = new Op[30];
                for (int i = 0; i < 30; i++) {
                    all[i] = Op.put(prefix + "%02d".formatted(i), "round " + round);
                }
                var listing = store.list(prefix);
                var change = writer.commit(Txn.of(all));
                assertThat(get(listing).entries()).hasSize(30);
                assertThat(get(listing).entries().stream().map(e -> e.value()).distinct())
                        .hasSize(1);
                get(change);
            }
        }
    }

    @Test
    void oneDeadMemberInTheListDoesNoHarm() {
        try (TcpProxy dead = new TcpProxy("127.0.0.1:1");
                EtcdKvStore store =
                        new EtcdKvStore(EtcdOptions.of(List.of("http://" + dead.endpoint(), server.endpoint())))) {
            for (int i = 0; i < 20; i++) {
                get(store.commit(Txn.of(Op.put(prefix + i, "v"))));
            }
            Recorder seen = new Recorder();
            try (Watch watch = store.watch(prefix, seen)) {
                seen.awaitSynced(1);
                assertThat(seen.replay()).hasSize(20);
            }
            var status = get(store.status());
            assertThat(status.healthy()).isTrue();
            assertThat(status.text()).startsWith("etcd: 1/2 connected, has-quorum=true: http://" + dead.endpoint());
        }
    }

    @Test
    void anEndpointMayBeIpv6() {
        try (TcpProxy six = new TcpProxy(server.endpoint(), "::1");
                EtcdKvStore store =
                        new EtcdKvStore(EtcdOptions.parse(six.endpoint().replace("127.0.0.1", "[::1]")))) {
            assertThat(get(store.status()).text()).startsWith("etcd: 1/1 connected, has-quorum=true: http://[::1]:");
        }
    }

    @Test
    void statusIsWordedAsCiliumDoes() {
        var status = get(writer.status());
        assertThat(status.healthy()).isTrue();
        assertThat(status.text())
                .matches(
                        "etcd: 1/1 connected, has-quorum=true: http://127\\.0\\.0\\.1:[0-9]+ - 3\\.[0-9.]+ \\(Leader\\)");
    }

    @Test
    void closingOneStoreLeavesOthersAlone() {
        another().close();
        EtcdKvStore first = new EtcdKvStore(EtcdOptions.parse(server.endpoint()));
        get(first.list(prefix));
        first.close();
        put("a", "1");
        assertThat(listed(prefix)).hasSize(1);
    }
}
