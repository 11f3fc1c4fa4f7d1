package io.fairlead.events.outbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What all entries up to a number add up to, in a file; room on the disk is kept so that it can be written when it is full. */
final class Snapshot {
    private final Path file;
    private final Reserve reserve;
    private long seq;

    Snapshot(Path directory) {
        this.file = directory.resolve("known");
        this.reserve = new Reserve(directory.resolve("reserve"));
    }

    /** Nothing known when there is no file; empty when it cannot be read. */
    Optional<Known> load() throws IOException {
        Optional<Known> saved = Files.exists(file) ? Known.load(file) : Optional.of(new Known(0));
        seq = saved.map(Known::seq).orElse(0L);
        return saved;
    }

    /** The last entry that is in it. */
    long seq() {
        return seq;
    }

    void save(Known known) throws IOException {
        try {
            known.save(file);
        } catch (IOException e) {
            if (!reserve.release()) {
                throw e;
            }
            known.save(file);
        }
        seq = known.seq();
    }

    void delete() throws IOException {
        Files.deleteIfExists(file);
    }

    /** For as many as are known now. */
    void keepRoomFor(Known known) throws IOException {
        reserve.make(known.entities().size());
    }
}
