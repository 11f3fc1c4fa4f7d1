package io.fairlead.node.cni;

import io.fairlead.node.endpoint.Attachment;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DELs the shim kept while nobody listened: request frames in files named by a hash of the attachment. Thread-safe; a
 * file is carried out under the lock, so that an ADD for the same attachment never meets an old DEL.
 */
final class DeleteQueue {
    private static final Logger LOGGER = LoggerFactory.getLogger(DeleteQueue.class);
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}");
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private final Path directory;
    private final Consumer<CniRequest> delete;

    /**
     * @param socket the agent's, which the directory is beside
     * @param delete carries out one, and throws when it must be tried again
     */
    DeleteQueue(Path socket, Consumer<CniRequest> delete) {
        directory = socket.resolveSibling("delete-queue");
        this.delete = delete;
    }

    /** Carries out all that is there. What fails stays. */
    void replay() {
        for (Path file : files()) {
            replay(file);
        }
    }

    /** Carries out what is kept about an attachment, before something new happens to it. */
    void replay(Attachment attachment) {
        Path file = directory.resolve(fileName(attachment));
        // A file goes only after its DEL is done, so where there is none nothing has to be waited for.
        if (Files.exists(file)) {
            replay(file);
        }
    }

    static String fileName(Attachment attachment) {
        long hash = FNV_OFFSET;
        for (byte b : attachment.toString().getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * FNV_PRIME;
        }
        return String.format("%016x", hash);
    }

    private synchronized void replay(Path file) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            CniRequest request = CniFrames.readRequest(new ByteArrayInputStream(Files.readAllBytes(file)));
            if (request.command() != CniCommand.DEL) {
                throw new CniException(CniCode.IO, "queued command: " + request.command() + " (expected: DEL)");
            }
            request.attachment(false);
            carryOut(request, file);
        } catch (CniException | IOException e) {
            quarantine(file, e);
        }
    }

    private void carryOut(CniRequest request, Path file) throws IOException {
        try {
            delete.accept(request);
        } catch (RuntimeException e) {
            LOGGER.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("reason", e.getMessage())
                    .log("queued delete failed; trying again later");
            return;
        }
        Files.deleteIfExists(file);
    }

    private static void quarantine(Path file, Exception why) {
        LOGGER.atError()
                .addKeyValue("file", file)
                .addKeyValue("reason", why.getMessage())
                .log("queued delete is unreadable and was put aside");
        try {
            Files.move(file, file.resolveSibling(file.getFileName() + ".bad"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOGGER.atWarn().addKeyValue("file", file).setCause(e).log("queued delete could not be put aside");
        }
    }

    private List<Path> files() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file ->
                            NAME.matcher(String.valueOf(file.getFileName())).matches())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory, e);
        }
    }
}
