package io.fairlead.node.cni;

import io.fairlead.node.endpoint.Attachment;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the shim on a unix socket: one request a connection, several at once. What is no request is answered with an
 * error and closed. Before it listens, and now and then, it carries out the DELs kept while it was away.
 */
public final class CniServer implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(CniServer.class);
    private static final int BACKLOG = 256;
    private static final long STOP_SECONDS = 5;

    private final Settings settings;
    private final CniCommands commands;
    private final DeleteQueue deletes;
    private final ServerSocketChannel listener;
    private final ThreadPoolExecutor workers;
    private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(2, named("fl-cni-timer"));

    /**
     * @param socket path of the unix socket; its directory is made
     * @param workers how many requests are carried out at once
     * @param readDeadline for a whole request to arrive
     * @param replayEvery how often kept DELs are looked for
     */
    public record Settings(Path socket, int workers, Duration readDeadline, Duration replayEvery) {
        public static Settings of(Path socket) {
            return new Settings(socket, 16, Duration.ofSeconds(10), Duration.ofSeconds(10));
        }
    }

    private CniServer(Settings settings, CniCommands commands) throws IOException {
        this.settings = settings;
        this.commands = commands;
        deletes = new DeleteQueue(settings.socket(), commands::runQueued);
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        workers = new ThreadPoolExecutor(
                settings.workers(),
                settings.workers(),
                1,
                TimeUnit.MINUTES,
                new ArrayBlockingQueue<>(BACKLOG),
                named("fl-cni"));
        workers.allowCoreThreadTimeOut(true);
    }

    /**
     * Carries out kept DELs, then listens.
     *
     * @throws IOException when the socket cannot be made, or another agent serves it
     */
    public static CniServer start(Settings settings, CniCommands commands) throws IOException {
        CniServer server = new CniServer(settings, commands);
        try {
            server.deletes.replay();
            server.bind();
        } catch (IOException | RuntimeException e) {
            server.stopThreads();
            server.listener.close();
            throw e;
        }
        named("fl-cni-accept").newThread(server::accept).start();
        long period = settings.replayEvery().toMillis();
        Future<?> unused =
                server.timers.scheduleWithFixedDelay(server::replayQuietly, period, period, TimeUnit.MILLISECONDS);
        return server;
    }

    /** Stops listening, lets running requests finish for some seconds, and removes the socket. */
    @Override
    public void close() throws IOException {
        listener.close();
        stopThreads();
        Files.deleteIfExists(settings.socket());
    }

    private void stopThreads() {
        timers.shutdownNow();
        workers.shutdown();
        try {
            if (!workers.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException e) {
            workers.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private void bind() throws IOException {
        Path socket = settings.socket();
        Path directory = socket.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        if (Files.exists(socket) && isServed(socket)) {
            throw new IOException("CNI socket: " + socket + " is served already (expected: one agent a node)");
        }
        Files.deleteIfExists(socket);
        listener.bind(UnixDomainSocketAddress.of(socket), BACKLOG);
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    }

    private static boolean isServed(Path socket) {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel client = listener.accept();
                submit(client);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // Out of descriptors, mostly: the requests that are running give some back.
                LOGGER.atWarn().setCause(e).log("CNI connection was not accepted");
                pause();
            }
        }
    }

    private void submit(SocketChannel client) {
        try {
            workers.execute(() -> serve(client));
        } catch (RejectedExecutionException e) {
            CniException busy = new CniException(
                    CniCode.TRY_AGAIN, "agent is busy: " + BACKLOG + " requests are waiting (expected: fewer)");
            answer(client, CniReply.failure(CniReply.FALLBACK_VERSION, busy));
        }
    }

    private void serve(SocketChannel client) {
        CniReply reply;
        try {
            reply = run(read(client));
        } catch (CniException e) {
            reply = CniReply.failure(CniReply.FALLBACK_VERSION, e);
        } catch (IOException e) {
            // Gone, or too slow: nobody would read an answer.
            LOGGER.atDebug().addKeyValue("reason", e.toString()).log("CNI connection ended early");
            closeQuietly(client);
            return;
        } catch (RuntimeException e) {
            LOGGER.atError().setCause(e).log("CNI request failed");
            reply = CniReply.failure(CniReply.FALLBACK_VERSION, CniFailures.of(e));
        }
        answer(client, reply);
    }

    private CniRequest read(SocketChannel client) throws IOException {
        Future<?> deadline = timers.schedule(
                () -> closeQuietly(client), settings.readDeadline().toMillis(), TimeUnit.MILLISECONDS);
        try {
            return CniFrames.readRequest(Channels.newInputStream(client));
        } finally {
            deadline.cancel(false);
        }
    }

    private CniReply run(CniRequest request) {
        if (CniCommand.ADD.name().equals(request.environment().get("CNI_COMMAND"))) {
            String container = request.environment().getOrDefault("CNI_CONTAINERID", "");
            deletes.replay(new Attachment(container, request.environment().getOrDefault("CNI_IFNAME", "")));
        }
        return commands.run(request);
    }

    private static void answer(SocketChannel client, CniReply reply) {
        try (client) {
            ByteBuffer frame = CniFrames.reply(reply);
            while (frame.hasRemaining()) {
                client.write(frame);
            }
        } catch (IOException e) {
            LOGGER.atDebug().addKeyValue("reason", e.toString()).log("CNI client left before its answer");
        }
    }

    private void replayQuietly() {
        try {
            deletes.replay();
        } catch (RuntimeException e) {
            LOGGER.atWarn().setCause(e).log("kept deletes were not carried out");
        }
    }

    private static void closeQuietly(SocketChannel client) {
        try {
            client.close();
        } catch (IOException e) {
            LOGGER.atDebug().addKeyValue("reason", e.toString()).log("CNI connection did not close cleanly");
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static java.util.concurrent.ThreadFactory named(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
