package io.fairlead.events.outbox;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory that is one outbox's alone, in this process and among processes; given back by the kernel at their end. */
final class DirectoryLock implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(DirectoryLock.class);

    private final FileChannel file;

    private DirectoryLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Makes the directory if need be, and takes it.
     *
     * @throws OutboxException naming the directory when it cannot be used or another has it
     */
    static DirectoryLock of(Path directory) {
        try {
            Files.createDirectories(directory);
            FileChannel channel =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = null;
            try {
                lock = channel.tryLock();
            } catch (OverlappingFileLockException e) {
                // another of this process has it: refused below like one of another process
            }
            if (lock == null) {
                channel.close();
                throw new OutboxException(
                        "outbox: " + directory + " is in use (expected: a directory of this process alone)", null);
            }
            return new DirectoryLock(channel);
        } catch (IOException e) {
            throw OutboxException.cannot("use", directory, e);
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            LOGGER.atDebug().addKeyValue("error", e.getMessage()).log("outbox lock");
        }
    }
}
