package io.fairlead.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import io.fairlead.contract.NodeName;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.retry.testing.ManualTimers;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class TableStreamsTest {
    private static final NodeName DEV1 = new NodeName("dev1");

    private final ManualTimers timers = new ManualTimers();
    private TableStreams<String, String> streams = newStreams();

    private TableStreams<String, String> newStreams() {
        return new TableStreams<>(TableStreamsTest::encode, Runnable::run, timers, new SimpleMeterRegistry());
    }

    private static MessageLite encode(Chunk<String, String> chunk) {
        StreamRoutesResponse.Builder response = StreamRoutesResponse.newBuilder()
                .setVersion(chunk.version())
                .setEpoch(chunk.epoch())
                .setSnapshot(chunk.snapshot())
                .setInSync(chunk.inSync());
        for (Change<String, String> change : chunk.changes()) {
            if (change instanceof Change.Upsert<String, String> upsert) {
                response.addUpserts(Route.newBuilder().setCidr(upsert.key()).setNextHop(upsert.value()));
            } else {
                response.addRemoves(change.key());
            }
        }
        return response.build();
    }

    /** A node: applies what comes when it has all of an update, as the agent does. */
    private static final class Node implements TableStream.Sink {
        Map<String, String> kernel = new TreeMap<>();
        Map<String, String> staged = new TreeMap<>();
        boolean inSnapshot;
        long version;
        String epoch = "";
        long lastNonce;
        int received;
        int largest;
        int ready;

        @Nullable
        Status closed;

        @Nullable
        TableStream<String, String> stream;

        void connect(TableStreams<String, String> streams, NodeName name) {
            closed = null;
            lastNonce = 0;
            staged = new TreeMap<>(kernel);
            inSnapshot = false;
            stream = streams.open(this);
            stream.receive(new FromNode.Subscribe(name, version, epoch));
        }

        void disconnect() {
            stream().ended();
            stream = null;
        }

        TableStream<String, String> stream() {
            if (stream == null) {
                throw new IllegalStateException("not connected");
            }
            return stream;
        }

        void allow(int frames) {
            ready += frames;
            stream().pump();
        }

        void ack(Map<String, String> failed) {
            stream().receive(new FromNode.Ack(lastNonce, failed));
        }

        @Override
        public boolean isReady() {
            return ready > 0;
        }

        @Override
        public void send(Frame frame) {
            StreamRoutesResponse response = parse(frame);
            assertThat(response.getNonce()).isEqualTo(++lastNonce);
            ready--;
            received++;
            largest = Math.max(largest, frame.length());
            if (response.getSnapshot() && !inSnapshot) {
                staged = new TreeMap<>();
            }
            inSnapshot = response.getSnapshot() && !response.getInSync();
            response.getUpsertsList().forEach(r -> staged.put(r.getCidr(), r.getNextHop()));
            response.getRemovesList().forEach(staged::remove);
            if (response.getInSync()) {
                kernel = new TreeMap<>(staged);
                version = response.getVersion();
                epoch = response.getEpoch();
            }
        }

        @Override
        public void close(Status status) {
            closed = status;
        }
    }

    private static StreamRoutesResponse parse(Frame frame) {
        try {
            return StreamRoutesResponse.parseFrom(
                    FrameMarshaller.method(io.fairlead.proto.route.v1.RouteServiceGrpc.getStreamRoutesMethod())
                            .streamResponse(frame));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static VersionedTable<String, String> table(long version, Map<String, String> values) {
        return VersionedTable.loaded(Comparator.<String>naturalOrder(), "e", version, values, 16);
    }

    private static List<Change<String, String>> put(String key, String value) {
        return List.of(new Change.Upsert<>(key, value));
    }

    @Test
    void largeValuesComeInPiecesThatNodesTake() {
        Map<String, String> large = new TreeMap<>();
        for (int i = 0; i < 3_000; i++) {
            large.put("%04d".formatted(i), i % 100 == 7 ? "x".repeat(700_000) : "small");
        }
        streams.publish(table(1, large));
        Node node = new Node();
        Node later = new Node();
        node.connect(streams, DEV1);
        node.allow(1_000);
        later.connect(streams, new NodeName("dev2"));
        later.allow(1_000);
        assertThat(node.kernel).isEqualTo(large);
        assertThat(later.kernel).isEqualTo(large);
        assertThat(node.largest).isLessThan(Update.CHUNK_BYTES + 100);
        assertThat(node.received).isBetween(21, 200).isEqualTo(later.received);
    }

    @Test
    void anyInterleavingEndsInEqualTables() {
        for (long seed = 1; seed <= 200; seed++) {
            new Interleaving(seed).run();
        }
    }

    /** Changes, readiness, acks, drops, resumes and restarts in any order. */
    private final class Interleaving {
        final long seed;
        final Random random;
        final List<Node> nodes = new ArrayList<>();
        VersionedTable<String, String> table = table(1, Map.of());

        Interleaving(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            streams = newStreams();
            for (int i = 0; i < 3; i++) {
                nodes.add(new Node());
            }
        }

        void run() {
            for (int step = 0; step < 300; step++) {
                int index = random.nextInt(nodes.size());
                step(nodes.get(index), new NodeName("n" + index));
            }
            for (int i = 0; i < nodes.size(); i++) {
                Node node = nodes.get(i);
                if (node.stream == null) {
                    node.connect(streams, new NodeName("n" + i));
                }
            }
            streams.publish(table);
            for (int round = 0; round < 20; round++) {
                nodes.forEach(node -> {
                    node.allow(5);
                    ackIfAny(node);
                });
            }
            timers.advance(TableStream.CATCH_UP);
            Map<String, String> expected = new TreeMap<>();
            table.entries().forEach(e -> expected.put(e.key(), e.value()));
            for (Node node : nodes) {
                assertThat(node.kernel).as("seed %d", seed).isEqualTo(expected);
                assertThat(node.closed).as("seed %d", seed).isNull();
            }
            assertThat(streams.progress())
                    .as("seed %d", seed)
                    .allSatisfy(p -> assertThat(table.diff(p.version())).contains(List.of()));
        }

        void step(Node node, NodeName name) {
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3, 4 -> change();
                case 5, 6 -> {
                    if (node.stream != null) {
                        node.allow(1 + random.nextInt(3));
                    }
                }
                case 7, 8 -> ackIfAny(node);
                case 9 -> {
                    if (node.stream != null) {
                        node.disconnect();
                    }
                }
                case 10 -> {
                    if (node.stream == null) {
                        node.connect(streams, name);
                    }
                }
                default -> restart();
            }
        }

        void change() {
            List<Change<String, String>> changes = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                String key = "k" + random.nextInt(30);
                changes.add(
                        random.nextInt(3) == 0
                                ? new Change.Remove<>(key)
                                : put(key, "v" + i).get(0));
            }
            table = table.apply(table.version() + 1 + random.nextInt(3), changes);
            streams.publish(table);
        }

        void restart() {
            if (random.nextInt(4) != 0) {
                return;
            }
            nodes.stream().filter(n -> n.stream != null).forEach(Node::disconnect);
            streams = newStreams();
            if (random.nextBoolean()) {
                Map<String, String> values = new TreeMap<>();
                table.entries().forEach(e -> values.put(e.key(), e.value()));
                table = table(table.version() + random.nextInt(2), values);
            }
            streams.publish(table);
        }

        void ackIfAny(Node node) {
            if (node.stream != null && node.lastNonce > 0) {
                node.ack(Map.of());
            }
        }
    }

    @Test
    void nothingIsSentBeforeThereIsATable() {
        Node node = new Node();
        node.ready = 10;
        node.connect(streams, DEV1);
        assertThat(node.received).isZero();
        streams.publish(table(5, Map.of()));
        assertThat(node.received).isEqualTo(1);
        assertThat(node.version).isEqualTo(5);
    }

    @Test
    void aSlowNodeSkipsVersionsAndNeverHasABacklog() {
        VersionedTable<String, String> table = table(1, Map.of());
        streams.publish(table);
        Node node = new Node();
        node.ready = 1;
        node.connect(streams, DEV1);
        for (int i = 2; i < 1_000; i++) {
            table = table.apply(i, put("k" + i % 10, "v" + i));
            streams.publish(table);
        }
        node.allow(1);
        assertThat(node.received).isEqualTo(2);
        assertThat(node.kernel).hasSize(10).containsEntry("k9", "v999");
    }

    @Test
    void aNodeThatNeverAcknowledgesIsSentNoMoreThanTheWindow() {
        VersionedTable<String, String> table = table(1, Map.of());
        Node node = new Node();
        node.ready = 1_000;
        node.connect(streams, DEV1);
        for (int i = 2; i < 50; i++) {
            table = table.apply(i, put("k", "v" + i));
            streams.publish(table);
        }
        assertThat(node.received).isEqualTo(TableStream.MAX_UNACKNOWLEDGED);
        node.ack(Map.of());
        assertThat(node.kernel).containsEntry("k", "v49");
    }

    @Test
    void aLargeSnapshotComesInPiecesAndABrokenOneIsNotResumed() {
        Map<String, String> values = new TreeMap<>();
        for (int i = 0; i < 2_500; i++) {
            values.put("k" + i, "v");
        }
        streams.publish(table(7, values));
        Node node = new Node();
        node.ready = 2;
        node.connect(streams, DEV1);
        assertThat(node.received).isEqualTo(2);
        assertThat(node.kernel).isEmpty();
        assertThat(node.version).isZero();
        node.disconnect();
        node.ready = 10;
        node.connect(streams, DEV1);
        assertThat(node.received).isEqualTo(5);
        assertThat(node.kernel).isEqualTo(values);
    }

    @Test
    void aResumedStreamGetsOnlyTheDifference() {
        VersionedTable<String, String> table = table(1, Map.of("a", "1", "b", "1"));
        streams.publish(table);
        Node node = new Node();
        node.ready = 10;
        node.connect(streams, DEV1);
        node.disconnect();
        streams.publish(table.apply(2, List.of(new Change.Remove<>("a"))));
        node.kernel.put("own", "stays unless the server sends everything");
        node.connect(streams, DEV1);
        assertThat(node.kernel).containsOnlyKeys("b", "own");
    }

    @Test
    void aNodeThatIsAheadWaitsForTheTableAndThenGetsEverything() {
        streams.publish(table(5, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 10;
        node.version = 9;
        node.epoch = "e";
        node.connect(streams, DEV1);
        assertThat(node.received).isZero();
        timers.advance(TableStream.CATCH_UP);
        assertThat(node.kernel).containsOnlyKeys("a");
        assertThat(node.version).isEqualTo(5);
    }

    @Test
    void aSecondStreamOfANodeReplacesTheFirst() {
        streams.publish(table(5, Map.of("a", "1")));
        Node first = new Node();
        Node second = new Node();
        first.ready = 10;
        second.ready = 10;
        first.connect(streams, DEV1);
        second.connect(streams, DEV1);
        assertThat(first.closed).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.ABORTED);
        assertThat(second.closed).isNull();
        second.ack(Map.of());
        first.stream().ended();
        assertThat(streams.progress()).containsExactly(new NodeProgress(DEV1, true, 5, Map.of()));
    }

    @Test
    void acknowledgementsOutliveAStreamByAMinute() {
        streams.publish(table(5, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 10;
        node.connect(streams, DEV1);
        node.ack(Map.of("a", "no route to host"));
        node.disconnect();
        assertThat(streams.progress())
                .containsExactly(new NodeProgress(DEV1, false, 5, Map.of("a", "no route to host")));
        timers.advance(TableStreams.MEMORY.minusSeconds(1));
        assertThat(streams.progress()).hasSize(1);
        timers.advance(Duration.ofSeconds(2));
        assertThat(streams.progress()).isEmpty();
    }

    @Test
    void theSameNonceAgainSaysWhatFailsNow() {
        streams.publish(table(5, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 10;
        node.connect(streams, DEV1);
        node.ack(Map.of("a", "no route to host"));
        node.ack(Map.of());
        assertThat(streams.progress()).containsExactly(new NodeProgress(DEV1, true, 5, Map.of()));
        node.ack(Map.of("a", "device is down"));
        assertThat(streams.progress()).containsExactly(new NodeProgress(DEV1, true, 5, Map.of("a", "device is down")));
    }

    @Test
    void anotherEpochIsToldAlthoughTheVersionIsTheSame() {
        streams.publish(table(5, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 10;
        node.connect(streams, DEV1);
        streams.publish(VersionedTable.loaded(Comparator.<String>naturalOrder(), "other", 5, Map.of("b", "2"), 16));
        assertThat(node.kernel).containsOnlyKeys("b");
        assertThat(node.epoch).isEqualTo("other");
    }

    @Test
    void whatWasAcknowledgedInAnotherEpochCountsForNothing() {
        streams.publish(table(9, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 1;
        node.connect(streams, DEV1);
        node.ack(Map.of());
        streams.publish(VersionedTable.loaded(Comparator.<String>naturalOrder(), "other", 3, Map.of("b", "2"), 16));
        assertThat(streams.progress()).noneMatch(progress -> progress.has("b", 3));
        node.allow(1);
        node.ack(Map.of());
        assertThat(streams.progress()).allMatch(progress -> progress.has("b", 3));
    }

    @Test
    void nodesThatBreakTheProtocolAreToldSo() {
        streams.publish(table(5, Map.of()));
        Node early = new Node();
        early.stream = streams.open(early);
        early.ack(Map.of());
        assertThat(early.closed).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.INVALID_ARGUMENT);
        Node twice = new Node();
        twice.connect(streams, DEV1);
        twice.stream().receive(new FromNode.Subscribe(DEV1, 0, ""));
        assertThat(twice.closed).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.INVALID_ARGUMENT);
        Node future = new Node();
        future.connect(streams, DEV1);
        future.lastNonce = 99;
        future.ack(Map.of());
        assertThat(future.closed)
                .isNotNull()
                .extracting(Status::getDescription)
                .asString()
                .contains("99");
    }
}
