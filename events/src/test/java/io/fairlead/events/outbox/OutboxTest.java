package io.fairlead.events.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.events.outbox.Entry.Fact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutboxTest {
    private static final long MAX = 1 << 20;

    @TempDir
    private Path directory;

    private static Fact fact(long revision) {
        return new Fact("e", revision, revision + 7, false);
    }

    private static Fact gone(long revision) {
        return new Fact("e", revision, 0, true);
    }

    private static void add(Outbox outbox, int from, int count) {
        for (int i = from; i < from + count; i++) {
            outbox.append("ip/" + i, "{\"n\":" + i + "}", fact(i), i, 1000 + i);
        }
        outbox.flush();
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(path -> path.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatWasFlushedIsThereAfterACrash() {
        Outbox first = Outbox.open(directory, MAX);
        assertThat(first.isFresh()).isTrue();
        add(first, 1, 100);
        first.append("ip/5", "", gone(101), 101, 1);
        first.flush();
        first.abandon();

        try (Outbox again = Outbox.open(directory, MAX)) {
            assertThat(again.isFresh()).isFalse();
            assertThat(again.records()).isEqualTo(101);
            assertThat(again.mark()).isEqualTo(101);
            assertThat(again.known()).hasSize(99).doesNotContainKey("ip/5");
            List<Entry> entries = again.read(0, 1000, 1 << 20);
            assertThat(entries).extracting(Entry::seq).first().isEqualTo(1L);
            assertThat(entries.get(41).value()).isEqualTo("{\"n\":42}");
            assertThat(entries.get(100).fact().deleted()).isTrue();
        }
    }

    @Test
    void readsInPiecesFromWhereItEnded() {
        try (Outbox outbox = Outbox.open(directory, MAX)) {
            add(outbox, 1, 5000);
            long after = 0;
            int count = 0;
            while (true) {
                List<Entry> piece = outbox.read(after, 7, 1 << 20);
                if (piece.isEmpty()) {
                    break;
                }
                for (Entry entry : piece) {
                    assertThat(entry.seq()).isEqualTo(++after);
                    count++;
                }
            }
            assertThat(count).isEqualTo(5000);
            assertThat(outbox.read(4990, 100, 1)).as("by size").hasSize(1);
        }
    }

    @Test
    void toldEntriesLeaveTheDiskAndStayKnown() throws IOException {
        Outbox outbox = Outbox.open(directory, MAX);
        add(outbox, 1, 6000);
        int before = segments().size();
        outbox.trim(5990);
        assertThat(segments().size()).isLessThan(before);
        assertThat(outbox.records()).isEqualTo(10);
        outbox.abandon();

        Outbox again = Outbox.open(directory, MAX);
        assertThat(again.known()).hasSize(6000);
        assertThat(again.mark()).isEqualTo(6000);
        assertThat(again.trimTo("e", 5995)).as("the mark it was told to").isEqualTo(5995);
        assertThat(again.read(0, 100, 1 << 20))
                .extracting(Entry::key)
                .containsExactly("ip/5996", "ip/5997", "ip/5998", "ip/5999", "ip/6000");
        again.trim(6000);
        again.close();
        assertThat(segments()).as("closed with all told").isEmpty();
        try (Outbox third = Outbox.open(directory, MAX)) {
            assertThat(third.known()).hasSize(6000);
            assertThat(third.isFresh()).isFalse();
            add(third, 6001, 1);
            assertThat(third.read(0, 10, 1000)).extracting(Entry::seq).containsExactly(6001L);
        }
    }

    @Test
    void aTornTailIsCutOff() throws IOException {
        Outbox outbox = Outbox.open(directory, MAX);
        add(outbox, 1, 50);
        outbox.abandon();
        Path file = segments().get(0);
        for (int cut = 1; cut < 40; cut += 6) {
            byte[] whole = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(whole, whole.length - cut));
            Outbox again = Outbox.open(directory, MAX);
            assertThat(again.known()).hasSize(49);
            assertThat(again.records()).isEqualTo(49);
            add(again, 50, 1);
            assertThat(again.read(0, 100, 1 << 20)).hasSize(50);
            again.abandon();
            file = segments().get(0);
            // one file again, for the next cut
            try (FileChannel joined = FileChannel.open(file, StandardOpenOption.APPEND)) {
                for (Path more : segments().subList(1, segments().size())) {
                    joined.write(ByteBuffer.wrap(Files.readAllBytes(more)));
                    Files.delete(more);
                }
            }
        }
    }

    @Test
    void aCorruptRecordCutsOffWhatFollowsSoThatItIsFoundOutAgain() throws IOException {
        Outbox outbox = Outbox.open(directory, MAX);
        add(outbox, 1, 3000);
        outbox.abandon();
        Path second = segments().get(1);
        byte[] bytes = Files.readAllBytes(second);
        bytes[bytes.length / 2] ^= 0x40;
        Files.write(second, bytes);

        try (Outbox again = Outbox.open(directory, MAX)) {
            long last = again.lastSeq();
            assertThat(last).isBetween(1000L, 2999L);
            assertThat(again.known()).as("nothing of what is lost is known").hasSize((int) last);
            assertThat(again.read(0, 5000, 1 << 20)).hasSize((int) last);
            assertThat(again.isFresh()).isFalse();
        }
    }

    @Test
    void aCorruptRecordThatTheSnapshotCountsMakesItFresh() throws IOException {
        Outbox outbox = Outbox.open(directory, MAX);
        add(outbox, 1, 6000);
        outbox.trim(2500);
        outbox.abandon();
        Path first = segments().get(0);
        byte[] bytes = Files.readAllBytes(first);
        bytes[bytes.length - 3] ^= 1;
        Files.write(first, bytes);

        try (Outbox again = Outbox.open(directory, MAX)) {
            assertThat(again.isFresh()).isTrue();
            assertThat(again.known()).isEmpty();
            assertThat(again.records()).isZero();
            add(again, 1, 3);
            assertThat(again.read(0, 10, 1000)).hasSize(3);
        }
    }

    @Test
    void aDamagedSnapshotMakesItFresh() throws IOException {
        Outbox outbox = Outbox.open(directory, MAX);
        add(outbox, 1, 6000);
        outbox.trim(6000);
        outbox.close();
        Path snapshot = directory.resolve("known");
        byte[] bytes = Files.readAllBytes(snapshot);
        bytes[100] ^= 1;
        Files.write(snapshot, bytes);
        try (Outbox again = Outbox.open(directory, MAX)) {
            assertThat(again.isFresh()).isTrue();
            again.seed(Map.of("ip/9", fact(9)));
        }
        try (Outbox third = Outbox.open(directory, MAX)) {
            assertThat(third.isFresh()).isFalse();
            assertThat(third.known()).containsOnlyKeys("ip/9");
        }
    }

    @Test
    void aFullOneKeepsTheNewestOfEachEntity() {
        long max = 1 << 17;
        try (Outbox outbox = Outbox.open(directory, max)) {
            String value = "x".repeat(100);
            for (int i = 1; i <= 20_000; i++) {
                outbox.append("ip/" + i % 50, value + i, fact(i), i, i);
                assertThat(outbox.bytes()).isLessThanOrEqualTo(max);
            }
            outbox.flush();
            Map<String, String> newest = new HashMap<>();
            List<Entry> entries = outbox.read(0, 100_000, 1 << 24);
            entries.forEach(entry -> newest.put(entry.key(), entry.value()));
            newest.remove("");
            assertThat(newest).hasSize(50).containsEntry("ip/0", value + 20_000).containsEntry("ip/1", value + 19_951);
            assertThat(entries).extracting(Entry::seq).isSorted();
            long last = entries.get(entries.size() - 1).seq();
            assertThat(outbox.completeAt(last))
                    .hasValueSatisfying(fact -> assertThat(fact.revision()).isEqualTo(20_000));
        }
        try (Outbox again = Outbox.open(directory, max)) {
            assertThat(again.known()).hasSize(50);
        }
    }

    @Test
    void aFullOneOfDistinctEntitiesRefusesWithAReason() {
        try (Outbox outbox = Outbox.open(directory, 1 << 16)) {
            assertThatThrownBy(() -> add(outbox, 1, 5000))
                    .isInstanceOf(OutboxException.class)
                    .hasMessageContaining("(expected: at most 65536, as events-outbox-max says)");
            assertThat(outbox.bytes()).isLessThanOrEqualTo(1 << 16);
            assertThat(outbox.hasRoom()).isFalse();
            outbox.flush();
            outbox.trim(outbox.lastSeq());
            assertThat(outbox.hasRoom()).isTrue();
        }
    }

    @Test
    void oneProcessAloneHasADirectory() {
        try (Outbox outbox = Outbox.open(directory, MAX)) {
            assertThat(outbox.records()).isZero();
            assertThatThrownBy(() -> Outbox.open(directory, MAX))
                    .isInstanceOf(OutboxException.class)
                    .hasMessageContaining("is in use (expected: a directory of this process alone)");
        }
    }

    @Test
    void aDirectoryThatCannotBeIsNamed() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        assertThatThrownBy(() -> Outbox.open(file.resolve("below"), MAX))
                .isInstanceOf(OutboxException.class)
                .hasMessageContaining(file.resolve("below").toString());
    }

    /** Whatever is cut or flipped, what is read is a prefix of what was written, or it is fresh. */
    @Test
    void damageNeverInventsAnything() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            Path place = directory.resolve("round" + round);
            Outbox outbox = Outbox.open(place, MAX);
            add(outbox, 1, 2000 + random.nextInt(2000));
            outbox.trim(random.nextInt(2000));
            outbox.abandon();
            List<Path> files;
            try (Stream<Path> all = Files.list(place)) {
                files = all.filter(path -> path.toString().matches(".*(log|known)"))
                        .sorted()
                        .toList();
            }
            Path victim = files.get(random.nextInt(files.size()));
            byte[] bytes = Files.readAllBytes(victim);
            if (random.nextBoolean()) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                Files.write(victim, bytes);
            } else {
                Files.write(victim, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
            }
            try (Outbox again = Outbox.open(place, MAX)) {
                List<Entry> entries = again.read(0, 100_000, 1 << 24);
                for (Entry entry : entries) {
                    assertThat(entry.value()).as("seed %s", seed).isEqualTo("{\"n\":" + entry.mark() + "}");
                }
                TreeSet<Long> known = new TreeSet<>();
                again.known().values().forEach(fact -> known.add(fact.revision()));
                assertThat(known.size())
                        .as("seed %s", seed)
                        .isEqualTo(again.known().size());
                if (!known.isEmpty()) {
                    assertThat(known.last()).as("seed %s: no gap", seed).isEqualTo((long) known.size());
                    assertThat(again.lastSeq()).as("seed %s", seed).isEqualTo(known.last());
                }
            }
        }
    }
}
