package io.fairlead.node.kernel.bpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The datapath's sources, compiled by the test: by another compiler, or with changes. */
final class Compiled {
    private static final Path SOURCES = Path.of("bpf");

    private Compiled() {}

    /**
     * One text for another in a file.
     *
     * @param file such as "lib/maps.h"
     * @param from has to be there
     */
    record Change(String file, String from, String to) {}

    static BpfSpec by(String compiler, List<Change> changes) {
        try {
            Path copy = Files.createTempDirectory("fl-c");
            try {
                copySources(copy);
                for (Change change : changes) {
                    Path file = copy.resolve(change.file());
                    String text = Files.readString(file);
                    if (!text.contains(change.from())) {
                        throw new AssertionError(change.file() + ": no \"" + change.from() + "\"");
                    }
                    Files.writeString(file, text.replace(change.from(), change.to()));
                }
                Namespace.sh("make -s -C " + copy + " CLANG=" + compiler + " OUT=" + copy.resolve("out"));
                return BpfSpec.parse(Files.readAllBytes(copy.resolve("out/fairlead.bpf.o")));
            } finally {
                Namespace.sh("rm -r " + copy);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copySources(Path to) throws IOException {
        try (Stream<Path> sources = Files.walk(SOURCES)) {
            for (Path source : sources.toList()) {
                Path target = to.resolve(SOURCES.relativize(source).toString());
                if (Files.isDirectory(source)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(source, target);
                }
            }
        }
    }

    static boolean isThere(String compiler) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, compiler)));
    }
}
