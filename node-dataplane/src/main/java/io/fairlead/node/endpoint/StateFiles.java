package io.fairlead.node.endpoint;

import io.fairlead.node.endpoint.EndpointException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of small files, each written whole or not at all; one writer a file at a time.
 *
 * <p>They outlive the agent. When the machine itself ends, the pods they tell of end too: the disk is not waited for.
 */
final class StateFiles {
    static final String SUFFIX = ".json";
    private static final String TEMPORARY = ".tmp";
    private static final String BAD = ".bad";
    private static final Logger LOGGER = LoggerFactory.getLogger(StateFiles.class);
    private final Path directory;

    StateFiles(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw failure("make directory", directory, e);
        }
    }

    /** Replaces a file in one step. */
    void write(String name, byte[] content) {
        Path target = directory.resolve(name + SUFFIX);
        Path temporary = directory.resolve(name + TEMPORARY);
        try {
            Files.write(temporary, content);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw failure("write", target, e);
        }
    }

    /** Removes a file; one that is gone is no failure. */
    void remove(String name) {
        Path target = directory.resolve(name + SUFFIX);
        try {
            Files.deleteIfExists(target);
        } catch (IOException e) {
            throw failure("remove", target, e);
        }
    }

    byte[] read(String name) {
        Path target = directory.resolve(name + SUFFIX);
        try {
            return Files.readAllBytes(target);
        } catch (IOException e) {
            throw failure("read", target, e);
        }
    }

    /** The names of all files, sorted. What an interrupted write left is removed. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.sorted().toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(SUFFIX)) {
                    names.add(name.substring(0, name.length() - SUFFIX.length()));
                } else if (name.endsWith(TEMPORARY)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw failure("list", directory, e);
        }
        return names;
    }

    /** Puts a file aside that cannot be read, for a person to look at. */
    void quarantine(String name, RuntimeException why) {
        Path target = directory.resolve(name + SUFFIX);
        LOGGER.atError()
                .addKeyValue("file", target)
                .addKeyValue("reason", why.getMessage())
                .log("state file is unreadable and was put aside");
        try {
            Files.move(target, directory.resolve(name + SUFFIX + BAD), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw failure("put aside", target, e);
        }
    }

    private static EndpointException failure(String what, Path path, IOException e) {
        return new EndpointException(Reason.STORAGE, what + " " + path + ": " + e, e);
    }
}
