package io.fairlead.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** One BIRD process and its control socket. */
final class Bird implements AutoCloseable {
    private final Process process;
    private final Path configuration;
    private final SocketChannel control;

    Bird(String namespace, Path directory, String text) {
        Shell.directory(directory);
        configuration = Shell.write(directory.resolve("bird.conf"), text);
        Path socket = directory.resolve("ctl");
        process = Shell.start(
                namespace,
                directory.resolve("log").toFile(),
                List.of("/usr/sbin/bird", "-f", "-c", configuration.toString(), "-s", socket.toString()));
        control = connect(socket);
        answer();
    }

    static String header(io.fairlead.contract.Ip id) {
        return "router id " + id + ";\nprotocol device { scan time 60; }\n";
    }

    /** A client of a route reflector that writes what it learns into its kernel. */
    static String client(io.fairlead.contract.Ip own) {
        return header(own) + String.format("""
                protocol kernel { scan time 60; ipv4 { import none; export all; }; }
                protocol bgp hub { local %s as 65000; neighbor %s as 65000; direct;
                  hold time 90; connect delay time 1; connect retry time 1; error wait time 1,2;
                  ipv4 { import all; export none; }; }
                """, own, Network.HUB);
    }

    /** The socket is there a moment before anybody listens on it. */
    private static SocketChannel connect(Path socket) {
        AtomicReference<SocketChannel> connected = new AtomicReference<>();
        Shell.until(socket.toString(), Duration.ofSeconds(10), () -> {
            try {
                connected.set(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return connected.get();
    }

    /** Sends a command and gives when it was sent. */
    long tell(String command) {
        long now = System.nanoTime();
        ask(command);
        return now;
    }

    String ask(String command) {
        try {
            control.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException("bird: " + command, e);
        }
        return answer();
    }

    void configure(String text) {
        Shell.write(configuration, text);
        ask("configure");
    }

    double megabytes() {
        return Shell.megabytes(process.pid());
    }

    /** Reads until the line that begins with a four-digit code and a blank. */
    private String answer() {
        StringBuilder text = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(65536);
        try {
            while (!text.toString().matches("(?s)(.*\n)?[0-9]{4} [^\n]*\n")) {
                if (control.read(buffer.clear()) < 0) {
                    throw new IOException("connection closed");
                }
                text.append(StandardCharsets.UTF_8.decode(buffer.flip()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("bird", e);
        }
        return text.toString();
    }

    @Override
    public void close() {
        Shell.stop(process);
    }
}
