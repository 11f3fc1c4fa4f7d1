package io.fairlead.kvstore.etcd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A wire between a client and a server that can be cut, or be made silent without being closed. */
final class TcpProxy implements AutoCloseable {
    private final ServerSocket server;
    private final InetSocketAddress target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;
    private volatile boolean silent;

    TcpProxy(String target) {
        this(target, "127.0.0.1");
    }

    TcpProxy(String target, String listen) {
        String[] parts = target.split(":");
        this.target = new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
        try {
            this.server = new ServerSocket(0, 50, InetAddress.getByName(listen));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(this::accept);
    }

    String endpoint() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    void cut() {
        cut = true;
        closeAll();
    }

    /** Ends cut and silence. */
    void restore() {
        cut = false;
        silent = false;
    }

    void silence() {
        silent = true;
    }

    /** Breaks what is connected now; new connections work. */
    void reset() {
        closeAll();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                open.add(client);
                if (cut) {
                    close(client);
                    continue;
                }
                Socket upstream = new Socket();
                open.add(upstream);
                upstream.connect(target, 1000);
                daemon(() -> pump(client, upstream));
                daemon(() -> pump(upstream, client));
                if (cut) {
                    closeAll();
                }
            } catch (IOException e) {
                closeAll();
            }
        }
    }

    private void pump(Socket from, Socket to) {
        byte[] buffer = new byte[65536];
        try {
            int got = from.getInputStream().read(buffer);
            while (got >= 0) {
                while (silent && !from.isClosed()) {
                    LockSupport.parkNanos(5_000_000);
                }
                to.getOutputStream().write(buffer, 0, got);
                got = from.getInputStream().read(buffer);
            }
        } catch (IOException e) {
            // one side is gone: so is the other
            close(from);
        }
        close(from);
        close(to);
    }

    private void closeAll() {
        open.forEach(this::close);
    }

    private void close(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "tcp-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        closeAll();
    }
}
