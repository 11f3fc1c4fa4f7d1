package io.fairlead.soak.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * A process's wall clock, put wrong while it runs: a preloaded library adds what a mapped file says.
 *
 * <p>The monotonic clock stays right, as it does on a machine whose date is changed. Works for what calls libc: the JVM, not
 * etcd, which asks the kernel's vDSO itself. (libfaketime does the same, and makes a JVM seven times slower.)
 */
public final class Clocks {
    private final Path library;
    private final Path file;

    /** A clock that is right. */
    Clocks(Path library, Path file) {
        this.library = library;
        this.file = file;
        set(0);
    }

    /** Builds the library; needs gcc, as the build does. */
    static Path library(Path directory) {
        Path source = directory.resolve("clock.c");
        Path library = directory.resolve("clock.so");
        try (InputStream text = Clocks.class.getResourceAsStream("clock.c")) {
            if (text == null) {
                throw new IllegalStateException("clock.c: missing (expected: beside its class)");
            }
            Files.copy(text, source, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("clock.c", e);
        }
        Network.run("gcc", "-shared", "-fPIC", "-O2", "-o", library.toString(), source.toString(), "-ldl");
        return library;
    }

    /** How a process is told. */
    Map<String, String> environment() {
        return Map.of("LD_PRELOAD", library.toString(), "FL_CLOCK_FILE", file.toString());
    }

    /** Puts the clock this many seconds ahead of the right time, or behind it; the process sees it at once. */
    void set(long seconds) {
        try (RandomAccessFile mapped = new RandomAccessFile(file.toFile(), "rw")) {
            mapped.writeLong(Long.reverseBytes(seconds));
        } catch (IOException e) {
            throw new UncheckedIOException("clock file " + file, e);
        }
    }

    /** What starts a process with the clocks that never jump put forward: they count from another boot. */
    public static List<String> otherBoot(long seconds) {
        String text = Long.toString(seconds);
        return List.of("unshare", "--time", "--monotonic", text, "--boottime", text);
    }
}
