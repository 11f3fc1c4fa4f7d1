package io.fairlead.runtime.grpc;

import io.fairlead.runtime.config.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A TCP connection to a server that can go silent without an end, as a stopped process or a cut link makes it. */
final class Wire implements AutoCloseable {
    private volatile ServerSocket listening;
    private final int target;
    private final Collection<Socket> sockets = new ConcurrentLinkedQueue<>();
    private boolean silent; // guarded by: this

    Wire(int target) throws IOException {
        this.target = target;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    HostPort address() {
        return new HostPort("127.0.0.1", listening.getLocalPort());
    }

    /** Nothing passes any more, and nobody is told; or everything again. */
    synchronized void silent(boolean silence) {
        silent = silence;
        notifyAll();
    }

    /** Connections break, and no new ones are taken. */
    void cut() throws IOException {
        listening.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /** Connections are taken again. */
    void mend() throws IOException {
        int port = listening.getLocalPort();
        listening = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    private void accept() {
        ServerSocket own = listening;
        try {
            while (true) {
                Socket client = own.accept();
                Socket server = new Socket();
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                sockets.add(client);
                sockets.add(server);
                start(() -> copy(client, server));
                start(() -> copy(server, client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void copy(Socket from, Socket to) {
        byte[] buffer = new byte[8192];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                awaitWord();
                out.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void awaitWord() throws InterruptedException {
        while (silent && !listening.isClosed()) {
            wait(20);
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        cut();
    }
}
