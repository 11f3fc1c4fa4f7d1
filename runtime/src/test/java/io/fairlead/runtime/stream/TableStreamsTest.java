package io.fairlead.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import io.fairlead.contract.NodeName;
import io.fairlead.proto.route.v1.Route;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.runtime.retry.testing.ManualTimers;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
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
    private SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private TableStreams<String, String> streams = newStreams();

    private TableStreams<String, String> newStreams() {
        return newStreams(StreamSettings.DEFAULT);
    }

    private TableStreams<String, String> newStreams(StreamSettings settings) {
        meters = new SimpleMeterRegistry();
        return new TableStreams<>(TableStreamsTest::encode, Runnable::run, timers, meters, settings);
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

        @Nullable
        TableStreams<String, String> server;

        void connect(TableStreams<String, String> streams, NodeName name) {
            closed = null;
            lastNonce = 0;
            staged = new TreeMap<>(kernel);
            inSnapshot = false;
            server = streams;
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
        int cutOffs = 0;
        for (long seed = 1; seed <= 200; seed++) {
            Interleaving one = new Interleaving(seed);
            one.run();
            cutOffs += one.cutOffs;
        }
        assertThat(cutOffs).as("stuck nodes were among them").isGreaterThan(10);
    }

    /**
     * Changes, readiness, acks, drops, resumes, restarts, cut-offs and replicas that see the store late, in any order. A
     * node that comes to a replica which knows less never goes back.
     */
    private final class Interleaving {
        final long seed;
        final Random random;
        final List<Node> nodes = new ArrayList<>();
        final List<Replica> replicas = new ArrayList<>();
        VersionedTable<String, String> table = table(1, Map.of());
        int cutOffs;

        /** A replica and what it has yet to see of the store. */
        final class Replica {
            final List<VersionedTable<String, String>> unseen = new ArrayList<>(List.of(table));
            TableStreams<String, String> streams = fresh();

            private TableStreams<String, String> fresh() {
                return newStreams(new StreamSettings(
                        Duration.ofSeconds(8), () -> Future.succeededFuture(Interleaving.this.table.version())));
            }

            void see(int tables) {
                for (int i = 0; i < tables && !unseen.isEmpty(); i++) {
                    streams.publish(unseen.remove(0));
                }
            }
        }

        Interleaving(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            replicas.add(new Replica());
            replicas.add(new Replica());
            for (int i = 0; i < 3; i++) {
                nodes.add(new Node());
            }
        }

        void run() {
            for (int step = 0; step < 300; step++) {
                int index = random.nextInt(nodes.size());
                long before = nodes.get(index).version;
                step(nodes.get(index), new NodeName("n" + index));
                dropClosed();
                assertThat(nodes.get(index).version).as("seed %d", seed).isGreaterThanOrEqualTo(before);
            }
            replicas.forEach(replica -> replica.see(Integer.MAX_VALUE));
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < nodes.size(); i++) {
                    Node node = nodes.get(i);
                    if (node.stream == null) {
                        node.connect(replicas.get(i % 2).streams, new NodeName("n" + i));
                    }
                    node.allow(5);
                    ackIfAny(node);
                }
            }
            timers.advance(TableStream.CATCH_UP);
            Map<String, String> expected = new TreeMap<>();
            table.entries().forEach(e -> expected.put(e.key(), e.value()));
            for (Node node : nodes) {
                assertThat(node.kernel).as("seed %d", seed).isEqualTo(expected);
                assertThat(node.closed).as("seed %d", seed).isNull();
            }
            for (Replica replica : replicas) {
                assertThat(replica.streams.progress())
                        .as("seed %d", seed)
                        .filteredOn(NodeProgress::connected)
                        .allSatisfy(p -> assertThat(p.version()).isEqualTo(table.version()));
                assertThat(replica.streams.lags())
                        .as("seed %d", seed)
                        .filteredOn(lag -> lag.progress().connected())
                        .allMatch(NodeLag::current);
            }
        }

        /** The call of a stream that was ended from the other side ends. */
        void dropClosed() {
            for (Node node : nodes) {
                if (node.stream != null && node.closed != null) {
                    cutOffs += node.closed.getCode() == Status.Code.DEADLINE_EXCEEDED ? 1 : 0;
                    node.disconnect();
                }
            }
        }

        void step(Node node, NodeName name) {
            switch (random.nextInt(15)) {
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
                case 10, 11 -> {
                    if (node.stream == null) {
                        node.connect(replicas.get(random.nextInt(2)).streams, name);
                    }
                }
                case 12 -> replicas.get(random.nextInt(2)).see(1 + random.nextInt(8));
                case 13 -> timers.advance(Duration.ofSeconds(random.nextInt(4)));
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
            replicas.forEach(replica -> replica.unseen.add(table));
            replicas.get(0).see(Integer.MAX_VALUE);
        }

        /** A replica that has just started knows all there is, but not what was. */
        void restart() {
            if (random.nextInt(4) != 0) {
                return;
            }
            Replica replica = replicas.get(random.nextInt(2));
            nodes.stream()
                    .filter(n -> n.stream != null && n.server == replica.streams)
                    .forEach(Node::disconnect);
            replica.streams = replica.fresh();
            Map<String, String> values = new TreeMap<>();
            table.entries().forEach(e -> values.put(e.key(), e.value()));
            replica.unseen.clear();
            replica.unseen.add(table(table.version(), values));
            // later changes come on top of what was listed
            table = replica.unseen.get(0);
            if (random.nextBoolean()) {
                replica.see(1);
            }
        }

        void ackIfAny(Node node) {
            if (node.stream != null && node.lastNonce > 0) {
                node.ack(Map.of());
            }
        }
    }

    /** A node that is given a minute to say or read something, again and again. */
    private void wait(Duration time, Runnable meanwhile) {
        for (int i = 0; i < 20; i++) {
            timers.advance(time.dividedBy(20));
            meanwhile.run();
        }
    }

    @Test
    void aNodeThatDoesNotReadIsCutOffToldAndCatchesUp() {
        VersionedTable<String, String> table = table(1, Map.of("a", "1"));
        streams.publish(table);
        Node node = new Node();
        node.ready = 1;
        node.connect(streams, DEV1);
        node.ack(Map.of());
        wait(Duration.ofMinutes(10), () -> {});
        assertThat(node.closed).as("it has everything").isNull();
        streams.publish(table.apply(2, put("b", "1")));
        assertThat(streams.lags().get(0).waiting()).startsWith("has not read for");
        timers.advance(Duration.ofSeconds(59));
        assertThat(node.closed).isNull();
        timers.advance(Duration.ofSeconds(20));
        assertThat(node.closed).isNotNull();
        assertThat(node.closed.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(node.closed.getDescription())
                .isEqualTo("node dev1 has not read for 60 s; it gets what it lacks when it comes back");
        assertThat(meters.counter("fairlead.stream.cutoffs", "reason", "unread").count())
                .isEqualTo(1);
        node.stream = null;
        node.ready = 5;
        node.connect(streams, DEV1);
        assertThat(node.kernel).containsOnlyKeys("a", "b");
    }

    @Test
    void aNodeThatReadsWithoutAcknowledgingIsCutOffOnceAndNotInALoop() {
        streams.publish(table(1, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 100;
        node.connect(streams, DEV1);
        wait(Duration.ofSeconds(80), () -> {});
        assertThat(node.closed)
                .isNotNull()
                .extracting(Status::getDescription)
                .asString()
                .contains("has not acknowledged");
        node.stream = null;
        node.version = 0;
        node.connect(streams, DEV1);
        wait(Duration.ofMinutes(30), () -> {});
        assertThat(node.closed).isNull();
        NodeLag lag = streams.lags().get(0);
        assertThat(lag.current()).isFalse();
        assertThat(lag.waiting()).isEqualTo("has not acknowledged version 1");
        assertThat(Duration.ofNanos(lag.behindNanos())).isGreaterThan(Duration.ofMinutes(29));
        node.ack(Map.of());
        assertThat(streams.lags().get(0).current()).isTrue();
    }

    @Test
    void aSlowReaderOfALargeSnapshotIsNotCutOff() {
        Map<String, String> values = new TreeMap<>();
        for (int i = 0; i < 20_000; i++) {
            values.put("k" + i, "v");
        }
        streams.publish(table(7, values));
        Node node = new Node();
        node.connect(streams, DEV1);
        for (int i = 0; i < 20; i++) {
            timers.advance(Duration.ofSeconds(40));
            node.allow(1);
        }
        assertThat(node.closed).isNull();
        assertThat(node.kernel).hasSize(20_000);
    }

    @Test
    void whoHasEverythingHasThePresentVersionAlthoughNothingWasSent() {
        VersionedTable<String, String> table = table(5, Map.of("a", "1"));
        streams.publish(table);
        Node node = new Node();
        node.ready = 10;
        node.connect(streams, DEV1);
        node.ack(Map.of());
        int[] told = {0};
        streams.onProgress(() -> told[0]++);
        streams.publish(table.apply(900, List.of()));
        assertThat(node.received).isEqualTo(1);
        assertThat(streams.progress()).containsExactly(new NodeProgress(DEV1, true, 900, Map.of()));
        assertThat(told[0]).isPositive();
        streams.publish(table.apply(900, List.of()).apply(901, put("b", "1")));
        assertThat(streams.progress()).containsExactly(new NodeProgress(DEV1, true, 5, Map.of()));
    }

    @Test
    void aNodeAheadOfAReplicaThatLagsKeepsWhatItHas() {
        streams = newStreams(new StreamSettings(Duration.ofSeconds(60), () -> Future.succeededFuture(9L)));
        streams.publish(table(5, Map.of("a", "1")));
        Node node = new Node();
        node.ready = 10;
        node.version = 9;
        node.epoch = "e";
        node.kernel.put("newer", "1");
        node.connect(streams, DEV1);
        timers.advance(TableStream.CATCH_UP);
        assertThat(node.received).isZero();
        assertThat(node.kernel).containsOnlyKeys("newer");
        assertThat(node.closed).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.UNAVAILABLE);
        streams = newStreams(new StreamSettings(Duration.ofSeconds(60), () -> Future.failedFuture("no etcd")));
        streams.publish(table(5, Map.of("a", "1")));
        node.connect(streams, DEV1);
        timers.advance(TableStream.CATCH_UP);
        assertThat(node.received).as("nobody knows").isZero();
        assertThat(node.closed).isNotNull();
    }

    @Test
    void convergenceIsTheTimeToTheLastNodeThatWasThere() {
        VersionedTable<String, String> table = table(1, Map.of());
        streams.publish(table);
        Node fast = new Node();
        Node slow = new Node();
        for (Node node : List.of(fast, slow)) {
            node.ready = 100;
            node.connect(streams, new NodeName(node == fast ? "fast" : "slow"));
            node.ack(Map.of());
        }
        table = table.apply(2, put("a", "1"));
        streams.publish(table);
        timers.advance(Duration.ofMillis(3));
        fast.ack(Map.of());
        assertThat(streams.convergence()).isEqualTo(ConvergenceSummary.NONE);
        assertThat(streams.tookNanos(2)).isEqualTo(-1);
        Node late = new Node();
        late.ready = 100;
        late.connect(streams, new NodeName("late"));
        timers.advance(Duration.ofMillis(4));
        slow.ack(Map.of());
        long seven = Duration.ofMillis(7).toNanos();
        assertThat(streams.convergence()).isEqualTo(new ConvergenceSummary(1, seven, seven, seven));
        assertThat(streams.tookNanos(2)).isEqualTo(seven);
        late.ack(Map.of());
        assertThat(streams.lags()).extracting(NodeLag::medianNanos).containsExactly(3_000_000L, 0L, 7_000_000L);
        streams.publish(table.apply(3, put("a", "2")));
        fast.ack(Map.of());
        late.ack(Map.of());
        slow.disconnect();
        assertThat(streams.convergence().samples())
                .as("a node's leave is no sample")
                .isEqualTo(1);
        assertThat(meters.get("fairlead.stream.convergence").timer().count()).isEqualTo(1);
    }

    @Test
    void aRoundReachesEveryNodeAlthoughOthersComeInItsMidst() {
        ArrayDeque<Runnable> later = new ArrayDeque<>();
        TableStreams<String, String> sliced = new TableStreams<>(
                TableStreamsTest::encode, later::add, timers, new SimpleMeterRegistry(), StreamSettings.DEFAULT);
        List<Node> nodes = new ArrayList<>();
        VersionedTable<String, String> table =
                VersionedTable.loaded(Comparator.naturalOrder(), "e", 1, Map.of("a", "1"));
        sliced.publish(table);
        for (int i = 0; i < 300; i++) {
            nodes.add(new Node());
            nodes.get(i).ready = 1_000_000;
            nodes.get(i).connect(sliced, new NodeName("n" + i));
        }
        for (int version = 2; version < 20; version++) {
            table = table.apply(version, List.of(new Change.Upsert<>("a", Integer.toString(version))));
            sliced.publish(table);
            for (int slice = 0; slice < version % 5 && !later.isEmpty(); slice++) {
                later.remove().run();
            }
            for (int i = 0; i < 30; i++) {
                Node node = new Node();
                nodes.add(node);
                node.ready = 1_000_000;
                node.connect(sliced, new NodeName("n" + nodes.size()));
            }
            while (!later.isEmpty()) {
                later.remove().run();
            }
            for (Node node : nodes) {
                assertThat(node.version).as("of version " + version).isEqualTo(version);
                node.ack(Map.of());
            }
        }
    }

    @Test
    void largeResponsesGoToSomeNodesAtATimeAndOneThatDoesNotReadKeepsNobodyWaitingForLong() {
        String value = "x".repeat(2 * LargeResponses.LARGE);
        streams.publish(VersionedTable.loaded(Comparator.naturalOrder(), "e", 1, Map.of("a", value)));
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < 3 * LargeResponses.MOST; i++) {
            Node node = new Node();
            node.ready = 1;
            node.connect(streams, new NodeName("n" + i));
            nodes.add(node);
        }
        assertThat(nodes.stream().filter(node -> node.received > 0)).hasSize(LargeResponses.MOST);
        for (int i = 0; i < 10; i++) {
            // has read what it was sent
            nodes.get(i).allow(1);
        }
        nodes.get(10).disconnect();
        assertThat(nodes.stream().filter(node -> node.received > 0)).hasSize(LargeResponses.MOST + 11);
        timers.advance(LargeResponses.PATIENCE);
        timers.advance(LargeResponses.PATIENCE);
        assertThat(nodes).allSatisfy(node -> assertThat(node.kernel).containsEntry("a", value));
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
    void nodesThatComeBackShareOneEncodingAlthoughTheTableChanges() {
        List<Long> snapshots = new ArrayList<>();
        TableStreams<String, String> counted = new TableStreams<>(
                chunk -> {
                    if (chunk.snapshot()) {
                        snapshots.add(chunk.version());
                    }
                    return encode(chunk);
                },
                Runnable::run,
                timers,
                new SimpleMeterRegistry());
        Map<String, String> values = new TreeMap<>(Map.of("a", "1", "b", "1"));
        VersionedTable<String, String> table = table(100, values);
        counted.publish(table);
        for (int i = 0; i < 20; i++) {
            Node node = new Node();
            node.ready = 10;
            node.version = 50L + i;
            node.epoch = "e";
            node.kernel.put("gone", "1");
            node.connect(counted, new NodeName("n" + i));
            assertThat(node.kernel).isEqualTo(values);
            values.put("k" + i, "v");
            table = table.apply(101 + i, put("k" + i, "v"));
            counted.publish(table);
        }
        assertThat(snapshots).containsExactly(100L);
        Node startedAgain = new Node();
        startedAgain.ready = 1;
        startedAgain.connect(counted, DEV1);
        assertThat(startedAgain.kernel).as("nothing newer is taken from it").isEqualTo(values);
        assertThat(snapshots).containsExactly(100L, 120L);
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
