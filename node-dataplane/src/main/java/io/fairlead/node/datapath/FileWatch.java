package io.fairlead.node.datapath;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/**
 * Says soon when something changes beside a file: its directory is watched, so a file that is replaced by a link to
 * another, as Kubernetes does, is seen too. Without the directory nothing is said.
 */
final class FileWatch implements AutoCloseable {
    private final WatchService service;

    private FileWatch(WatchService service) {
        this.service = service;
    }

    /** @param changed called on a thread of its own, perhaps for another file of the directory */
    static FileWatch start(Path file, Runnable changed) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        WatchService service = file.getFileSystem().newWatchService();
        if (directory != null && Files.isDirectory(directory)) {
            directory.register(
                    service,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
        }
        Thread thread = new Thread(() -> watch(service, changed), "file-watch");
        thread.setDaemon(true);
        thread.start();
        return new FileWatch(service);
    }

    private static void watch(WatchService service, Runnable changed) {
        try {
            while (true) {
                WatchKey key = service.take();
                key.pollEvents();
                changed.run();
                key.reset();
            }
        } catch (ClosedWatchServiceException e) {
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        service.close();
    }
}
