package io.fairlead.events.outbox;

import io.fairlead.events.outbox.Entry.Fact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What all entries up to one add up to: which entities there are. Owned by the outbox's thread. */
final class Known {
    private static final int MAGIC = 0x464c4b31;
    private static final int MAX_BYTES = 1 << 30;

    private final Map<String, Fact> entities = new HashMap<>();
    private long seq;
    private long mark;
    private String epoch = "";

    /** Nothing, behind an entry. */
    Known(long seq) {
        this.seq = seq;
    }

    void apply(Entry entry) {
        seq = entry.seq();
        Fact fact = entry.fact();
        if (fact.epoch().equals(epoch)) {
            // one text for all of them
            fact = new Fact(epoch, fact.revision(), fact.hash(), fact.deleted());
        } else {
            epoch = fact.epoch();
        }
        if (entry.mark() != 0) {
            mark = entry.mark();
        }
        if (entry.isMark()) {
            return;
        }
        if (fact.deleted()) {
            entities.remove(entry.key());
        } else {
            entities.put(entry.key(), fact);
        }
    }

    /** What somebody else knows, before the first entry. */
    void seed(Map<String, Fact> facts) {
        entities.putAll(facts);
        facts.values().stream().map(Fact::epoch).max(Comparator.naturalOrder()).ifPresent(last -> epoch = last);
    }

    /** The entities there are, by key. */
    Map<String, Fact> entities() {
        return entities;
    }

    long seq() {
        return seq;
    }

    /** Revision everything up to which is known; 0 for none. */
    long mark() {
        return mark;
    }

    /** Epoch of the last entry; empty for none. */
    String epoch() {
        return epoch;
    }

    /**
     * Writes all of it, so that after a crash the file is the old one or the new one. It has one epoch: what was told in
     * another one is written as of unknown detail, so that it is told again.
     */
    void save(Path file) throws IOException {
        byte[] last = epoch.getBytes(StandardCharsets.UTF_8);
        int size = 4 + 8 + 8 + 2 + last.length + 4 + 4;
        for (Map.Entry<String, Fact> entity : entities.entrySet()) {
            size += 2 + entity.getKey().getBytes(StandardCharsets.UTF_8).length + 16;
        }
        ByteBuffer buffer = ByteBuffer.allocate(size);
        buffer.putInt(MAGIC)
                .putLong(seq)
                .putLong(mark)
                .putShort((short) last.length)
                .put(last);
        buffer.putInt(entities.size());
        entities.forEach((key, fact) -> {
            byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
            buffer.putShort((short) bytes.length)
                    .put(bytes)
                    .putLong(fact.revision())
                    .putLong(fact.epoch().equals(epoch) ? fact.hash() : 0);
        });
        buffer.putInt(Entry.checksum(buffer, 0, buffer.position()));
        buffer.flip();
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** What a file says; empty when it is damaged. */
    static Optional<Known> load(Path file) throws IOException {
        if (Files.size(file) < 8 || Files.size(file) > MAX_BYTES) {
            return Optional.empty();
        }
        ByteBuffer buffer = ByteBuffer.wrap(Files.readAllBytes(file));
        int body = buffer.limit() - 4;
        if (buffer.getInt(0) != MAGIC || buffer.getInt(body) != Entry.checksum(buffer, 0, body)) {
            return Optional.empty();
        }
        buffer.position(4);
        Known known = new Known(buffer.getLong());
        known.mark = buffer.getLong();
        known.epoch = text(buffer);
        int count = buffer.getInt();
        for (int i = 0; i < count; i++) {
            String key = text(buffer);
            known.entities.put(key, new Fact(known.epoch, buffer.getLong(), buffer.getLong(), false));
        }
        return Optional.of(known);
    }

    private static String text(ByteBuffer buffer) {
        byte[] bytes = new byte[Short.toUnsignedInt(buffer.getShort())];
        buffer.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
