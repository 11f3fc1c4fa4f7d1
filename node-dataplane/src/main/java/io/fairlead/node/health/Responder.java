package io.fairlead.node.health;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers GET /hello with 200 on any number of listening sockets, one thread for all. A connection carries one request and
 * has five seconds; there are at most {@link #MOST_CONNECTIONS}.
 *
 * <p>A socket stays in the namespace it was made in, so one made inside a pod's is served by this node's thread.
 */
public final class Responder implements AutoCloseable {
    /** What is asked for. */
    public static final String HELLO = "/hello";

    static final int MOST_CONNECTIONS = 256;
    private static final Logger LOGGER = LoggerFactory.getLogger(Responder.class);
    private static final int MOST_REQUEST_BYTES = 4096;
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final int BACKLOG = 128;

    private final Selector selector;
    private final ConcurrentLinkedQueue<ServerSocketChannel> added = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile boolean closed;
    private int connections; // owned by: thread

    private record Connection(ByteBuffer request, long deadline) {}

    /** Starts the thread, which has nothing to serve yet. */
    public Responder() throws IOException {
        selector = Selector.open();
        thread = new Thread(this::run, "health-responder");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * A listening socket in the namespace of the calling thread.
     *
     * @throws IOException when the address is not this node's or is taken
     */
    public static ServerSocketChannel listen(InetSocketAddress address) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.bind(address, BACKLOG);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw new IOException(address + ": " + e.getMessage(), e);
        }
    }

    /** Serves a socket until it is closed; closing the responder closes it too. */
    public void serve(ServerSocketChannel listening) {
        added.add(listening);
        selector.wakeup();
    }

    private void run() {
        try {
            while (!closed) {
                selector.select(connections == 0 ? 0 : 1000);
                take();
                selector.selectedKeys().forEach(this::handle);
                selector.selectedKeys().clear();
                dropLate();
            }
        } catch (IOException e) {
            LOGGER.atWarn().addKeyValue("reason", e.getMessage()).log("health responder ends");
        } finally {
            closeAll();
        }
    }

    private void take() throws IOException {
        for (ServerSocketChannel listening = added.poll(); listening != null; listening = added.poll()) {
            if (listening.isOpen()) {
                listening.register(selector, SelectionKey.OP_ACCEPT);
            }
        }
    }

    private void handle(SelectionKey key) {
        if (!key.isValid()) {
            return;
        }
        if (key.channel() instanceof ServerSocketChannel listening) {
            accept(listening);
        } else if (key.channel() instanceof SocketChannel caller && key.attachment() instanceof Connection connection) {
            try {
                read(key, caller, connection);
            } catch (IOException | CancelledKeyException e) {
                drop(key);
            }
        }
    }

    private void accept(ServerSocketChannel listening) {
        try {
            SocketChannel caller = listening.accept();
            if (caller == null) {
                return;
            }
            if (connections >= MOST_CONNECTIONS) {
                caller.close();
                return;
            }
            caller.configureBlocking(false);
            caller.register(
                    selector,
                    SelectionKey.OP_READ,
                    new Connection(ByteBuffer.allocate(MOST_REQUEST_BYTES), System.nanoTime() + PATIENCE_NANOS));
            connections++;
        } catch (IOException e) {
            // out of descriptors: the caller stays in the queue, so this would go round and round
            LOGGER.atDebug().addKeyValue("reason", e.getMessage()).log("health request not taken");
            LockSupport.parkNanos(100_000_000);
        }
    }

    private void read(SelectionKey key, SocketChannel caller, Connection connection) throws IOException {
        ByteBuffer request = connection.request();
        int count = caller.read(request);
        String text =
                StandardCharsets.ISO_8859_1.decode(request.duplicate().flip()).toString();
        if (text.contains("\r\n\r\n") || text.contains("\n\n")) {
            // a few hundred bytes fit into the buffer of a connection that has sent nothing
            caller.write(ByteBuffer.wrap(answer(text)));
            drop(key);
        } else if (count < 0 || !request.hasRemaining()) {
            drop(key);
        }
    }

    /** The whole answer to a request's head. */
    static byte[] answer(String head) {
        String[] words = head.lines().findFirst().orElse("").split(" ", -1);
        boolean http = words.length == 3 && words[2].startsWith("HTTP/1.");
        String status = !http
                ? "400 Bad Request"
                : !List.of("GET", "HEAD").contains(words[0])
                        ? "405 Method Not Allowed"
                        : words[1].equals(HELLO) ? "200 OK" : "404 Not Found";
        return ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private void dropLate() {
        if (connections == 0) {
            return;
        }
        long now = System.nanoTime();
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof Connection connection && now - connection.deadline() > 0) {
                drop(key);
            }
        }
    }

    private void drop(SelectionKey key) {
        if (key.isValid()) {
            key.cancel();
            connections--;
        }
        close(key.channel());
    }

    private void closeAll() {
        selector.keys().forEach(key -> close(key.channel()));
        added.forEach(Responder::close);
        close(selector);
    }

    private static void close(Closeable what) {
        try {
            what.close();
        } catch (IOException e) {
            LOGGER.atDebug().addKeyValue("reason", e.getMessage()).log("health connection closed badly");
        }
    }

    /** Returns when all sockets are closed. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
