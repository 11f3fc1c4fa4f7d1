package io.fairlead.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scale benchmark's cluster, small: what arrives is checked, not when. */
@Tag("etcd")
final class ScaleTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Content CONTENT = new Content(200, 400, 600);

    @TempDir
    Path directory;

    private EtcdProcess etcd;
    private KvStore store;

    @BeforeEach
    void start() {
        etcd = EtcdProcess.start();
        store = new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()));
        CONTENT.write(store);
    }

    @AfterEach
    void end() {
        store.close();
        etcd.close();
    }

    private Service start(Service.Kind kind) {
        Service service = new Service(kind, ScaleTest::command, directory, etcd.endpoint());
        service.start();
        return service;
    }

    static List<String> command(Service.Kind kind) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx192m",
                "-cp",
                System.getProperty("java.class.path"),
                kind.mainClass());
    }

    private long change(Map<Integer, Integer> generations, int node) {
        return Waiting.of(store.commit(Txn.of(Content.node(node, generations.merge(node, 1, Integer::sum)))))
                .revision();
    }

    @Test
    void everythingArrivesAndARestartSendsEachNodeOneSnapshot() {
        Map<Integer, Integer> generations = new HashMap<>();
        try (Service distributor = start(Service.Kind.ROUTES).awaitReady();
                Fleet<StreamRoutesRequest> fleet =
                        new Fleet<>(Protocol.ROUTES, distributor.port(), "n", CONTENT.nodes(), 20, 10)) {
            fleet.open();
            Waiting.until("all have something", LIMIT, () -> fleet.having(1) == fleet.size());
            assertThat(distributor.metric("fairlead_stream_snapshots_total")).isEqualTo(fleet.size());
            assertThat(fleet.tables()).hasSize(20).containsOnly(CONTENT.routes(generations));

            long newest = 0;
            for (int i = 0; i < 100; i++) {
                newest = change(generations, 7 * i % CONTENT.nodes());
            }
            awaitVersion(fleet, newest);
            assertThat(fleet.tables()).hasSize(20).containsOnly(CONTENT.routes(generations));
            assertThat(distributor.metric("fairlead_stream_snapshots_total"))
                    .as("snapshots after changes")
                    .isEqualTo(fleet.size());

            AtomicIntegerArray back = new AtomicIntegerArray(fleet.size());
            distributor.kill9();
            newest = change(generations, 3);
            fleet.record((index, reply, nanos) -> back.incrementAndGet(index));
            distributor.start();
            distributor.awaitReady();
            awaitVersion(fleet, newest);
            Waiting.until("all are back", LIMIT, () -> {
                for (int i = 0; i < back.length(); i++) {
                    if (back.get(i) == 0) {
                        return false;
                    }
                }
                return true;
            });
            assertThat(distributor.metric("fairlead_stream_snapshots_total"))
                    .as("snapshots after the restart")
                    .isEqualTo(fleet.size());
            assertThat(fleet.tables()).hasSize(20).containsOnly(CONTENT.routes(generations));
            assertThat(fleet.wrongs()).isEmpty();
        }
    }

    @Test
    void aNodeThatIsSlowGetsTheNewestStateAndNoQueue() {
        Map<Integer, Integer> generations = new HashMap<>();
        try (Service distributor = start(Service.Kind.ROUTES).awaitReady();
                Fleet<StreamRoutesRequest> fleet = new Fleet<>(Protocol.ROUTES, distributor.port(), "n", 20, 5, 1)) {
            AtomicIntegerArray responses = new AtomicIntegerArray(fleet.size());
            fleet.open();
            Waiting.until("all have something", LIMIT, () -> fleet.having(1) == fleet.size());
            fleet.record((index, reply, nanos) -> responses.incrementAndGet(index));
            SimulatedNode<StreamRoutesRequest> slow = fleet.node(3);
            slow.pause();
            long newest = 0;
            for (int i = 0; i < 60; i++) {
                newest = change(generations, i);
                awaitVersion(fleet, newest, 3);
            }
            assertThat(responses.get(4)).as("responses to another node").isEqualTo(60);
            assertThat(responses.get(3)).as("responses to the slow node").isBetween(1, 4);
            slow.resume();
            awaitVersion(fleet, newest);
            assertThat(responses.get(3)).as("responses to the slow node in all").isLessThanOrEqualTo(6);
            assertThat(slow.table()).isEqualTo(CONTENT.routes(generations));
            assertThat(fleet.wrongs()).isEmpty();
        }
    }

    @Test
    void allIdentitiesAndAddressesReachNodesThatComeAtOnce() {
        try (Service service = start(Service.Kind.IDENTITIES).awaitReady();
                Fleet<StreamIdentitiesRequest> fleet =
                        new Fleet<>(Protocol.IDENTITIES, service.port(), "n", 50, 10, 5)) {
            fleet.open();
            Waiting.until("all have something", LIMIT, () -> fleet.having(1) == fleet.size());
            assertThat(service.metric("fairlead_stream_snapshots_total")).isEqualTo(fleet.size());
            assertThat(fleet.tables()).hasSize(10).allSatisfy(table -> {
                assertThat(table.keySet().stream().filter(key -> key.startsWith("id ")))
                        .hasSize(CONTENT.identities());
                assertThat(table.keySet().stream().filter(key -> key.startsWith("10.") && key.endsWith("/32")))
                        .hasSize(CONTENT.endpoints());
            });
            assertThat(fleet.wrongs()).isEmpty();
        }
    }

    private static void awaitVersion(Fleet<?> fleet, long version) {
        Waiting.until("all have version " + version, LIMIT, () -> fleet.having(version) == fleet.size());
    }

    /** Waits for all but one. */
    private static void awaitVersion(Fleet<?> fleet, long version, int but) {
        Waiting.until("the others have version " + version, LIMIT, () -> {
            for (int i = 0; i < fleet.size(); i++) {
                if (i != but && fleet.node(i).version() < version) {
                    return false;
                }
            }
            return true;
        });
    }
}
