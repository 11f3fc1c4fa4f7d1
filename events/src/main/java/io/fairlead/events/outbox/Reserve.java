package io.fairlead.events.outbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Room on disk that is given up to write down what was told when the disk is full: only then can told entries go. */
final class Reserve {
    private static final int LEAST = 1 << 16;
    private static final int BYTES_AN_ENTITY = 48;

    private final Path file;
    private long size;

    Reserve(Path file) {
        this.file = file;
    }

    /** Takes room for so many entities and some more; does with less when there is none. */
    void make(int entities) {
        if (size >= LEAST && size >= (long) entities * BYTES_AN_ENTITY) {
            return;
        }
        int wanted = Math.max(LEAST, entities * BYTES_AN_ENTITY * 5 / 4);
        try {
            Files.write(file, new byte[wanted]);
        } catch (IOException e) {
            // what fitted is kept
        }
        size = wanted;
    }

    /** Gives it up; false when there was none. */
    boolean release() {
        size = 0;
        try {
            return Files.deleteIfExists(file);
        } catch (IOException e) {
            return false;
        }
    }
}
