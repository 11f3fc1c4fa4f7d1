package io.fairlead.kvstore.progress;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.ProgressRecord;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final OwnKeys.Table ROUTES = OwnKeys.Table.ROUTES;

    private final MemoryKvStore store = new MemoryKvStore();
    private final MemoryKvStore other = store.sibling();
    private final AtomicReference<ProgressWriter.Snapshot> state = new AtomicReference<>();
    private final ProgressWriter writer =
            new ProgressWriter(store, ROUTES, "a", () -> Future.succeededFuture(state.get()));
    private final ClusterProgress progress = new ClusterProgress(other, ROUTES);

    @BeforeEach
    void listen() {
        eventually(() -> progress.synced().isComplete());
    }

    @AfterEach
    void close() {
        writer.close();
        progress.close();
        store.close();
        other.close();
    }

    @Test
    void whatAReplicaKnowsOfItsNodesEverybodyKnows() {
        say(90, node("n1", 90), node("n2", 80), node("n3", 90, Map.of("10.244.1.0/24", "no such device")));

        eventually(() -> progress.nodes().size() == 3);

        assertThat(reached("n1").has(90)).isTrue();
        assertThat(reached("n1").replica()).isEqualTo("a");
        assertThat(reached("n2").has(80)).isTrue();
        assertThat(reached("n2").has(81)).isFalse();
        assertThat(reached("n2").current()).isEqualTo(90);
        assertThat(reached("n3").failed()).containsEntry("10.244.1.0/24", "no such device");
    }

    @Test
    void nothingIsWrittenWhileNothingChanges() {
        say(90, node("n1", 90));
        eventually(() -> progress.nodes().size() == 1);
        long revision = revision();

        for (int i = 0; i < 10; i++) {
            writer.changed();
            eventually(() -> true);
        }
        say(91, node("n1", 91));
        eventually(() -> reached("n1").has(91));

        assertThat(revision()).isEqualTo(revision + 1);
    }

    @Test
    void aReplicaThatStopsTakesItsWordBack() {
        say(90, node("n1", 90));
        eventually(() -> progress.nodes().size() == 1);

        writer.close();

        eventually(() -> progress.nodes().isEmpty());
    }

    @Test
    void aNodeThatMovedCountsWithTheNewerOfBothWords() {
        AtomicReference<ProgressWriter.Snapshot> second = new AtomicReference<>(snapshot(95, node("n1", 95)));
        try (ProgressWriter there =
                new ProgressWriter(other, ROUTES, "b", () -> Future.succeededFuture(second.get()))) {
            say(90, node("n1", 85), node("n2", 90));
            there.changed();

            eventually(() -> progress.nodes().size() == 2 && reached("n1").has(95));

            assertThat(reached("n1").replica()).isEqualTo("b");
        }
    }

    @Test
    void nodesBeyondThoseThatAreNamedCountAsTheSlowest() {
        List<ProgressWriter.Node> nodes = new ArrayList<>();
        for (int i = 0; i < ProgressRecord.MOST + 50; i++) {
            nodes.add(node(String.format("n%03d", i), 40 + i));
        }
        nodes.add(node("z-ready", 900));
        say(900, nodes.toArray(ProgressWriter.Node[]::new));

        eventually(() -> progress.nodes().size() == nodes.size());

        assertThat(reached("n000").version()).isEqualTo(40);
        assertThat(reached("n199").version()).isEqualTo(239);
        assertThat(reached("n249").version()).as("never more than it has").isEqualTo(40);
        assertThat(reached("z-ready").version()).isLessThanOrEqualTo(900);
    }

    @Test
    void anUnreadableWordMakesNodesLateAndHurtsNobodyElse() {
        say(90, node("n1", 90));
        eventually(() -> progress.nodes().size() == 1);
        for (String broken : List.of("", "{", "[]", "{\"version\":-1}", "{\"behind\":[{\"version\":3}]}")) {
            put(OwnKeys.reached(ROUTES, "a"), broken);
            eventually(() -> !reached("n1").has(1));
        }
        put(OwnKeys.progress(ROUTES) + "stray", "x");
        put(OwnKeys.members(ROUTES, "b"), "{\"nodes\":[{\"node\":\"../x\"}]}");
        put(OwnKeys.members(ROUTES, "c"), ProgressRecord.encodeMembers(List.of(new NodeName("n7"))));

        eventually(() -> progress.nodes().size() == 2);
        assertThat(reached("n7").has(1)).isFalse();
    }

    @Test
    void theStoreAwayForAWhileIsMadeUpFor() {
        store.disconnect();
        say(90, node("n1", 90));
        writer.changed();
        store.reconnect();

        eventually(() -> progress.nodes().containsKey(new NodeName("n1")));
    }

    private void say(long version, ProgressWriter.Node... nodes) {
        state.set(snapshot(version, nodes));
        writer.changed();
    }

    private static ProgressWriter.Snapshot snapshot(long version, ProgressWriter.Node... nodes) {
        return new ProgressWriter.Snapshot("e1", version, List.of(nodes));
    }

    private static ProgressWriter.Node node(String name, long version) {
        return node(name, version, Map.of());
    }

    private static ProgressWriter.Node node(String name, long version, Map<String, String> failed) {
        return new ProgressWriter.Node(new NodeName(name), version, failed);
    }

    private NodeReached reached(String name) {
        return progress.nodes().get(new NodeName(name));
    }

    private void put(String key, String value) {
        other.commit(Txn.of(Op.put(key, value)))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    private long revision() {
        return other.commit(Txn.of(new Op.Get("x")))
                .toCompletionStage()
                .toCompletableFuture()
                .join()
                .revision();
    }

    private static void eventually(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(10));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).as("in time").isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
