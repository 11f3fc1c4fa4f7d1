package io.fairlead.events.outbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Room on disk that is given up to write down what was told when the disk is full: only then can told entries go. */
final class Reserve {
    private static final int LEAST = 1 << 16;
    private static final int BYTES_AN_ENTITY = 64;

    private final Path file;

    Reserve(Path file) {
        this.file = file;
    }

    boolean isMissing() {
        return !Files.exists(file);
    }

    /** Takes room for so many entities; does without when there is none. */
    void make(int entities) {
        try {
            Files.write(file, new byte[Math.max(LEAST, 2 * entities * BYTES_AN_ENTITY)]);
        } catch (IOException e) {
            release();
        }
    }

    /** Gives it up; false when there was none. */
    boolean release() {
        try {
            return Files.deleteIfExists(file);
        } catch (IOException e) {
            return false;
        }
    }
}
