package io.fairlead.bench.scale;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One of the three services as a process of its own, which may be killed and started again on its address. For one thread at
 * a time.
 */
public final class Service implements AutoCloseable {
    // below Linux's default range for outgoing connections: none of those takes the port of a service that is down
    private static final int LOWEST_PORT = 10_000;
    private static final int HIGHEST_PORT = 32_000;
    private static final int PORT_ATTEMPTS = 200;
    private static final Duration START_LIMIT = Duration.ofMinutes(1);

    private final Kind kind;
    private final Launcher launcher;
    private final Path log;
    private final List<String> arguments;
    private final int port = freePort();
    private final int healthPort = freePort();
    private final HttpClient http = HttpClient.newHttpClient();
    private @Nullable Process process;

    /** Which service. */
    public enum Kind {
        ROUTES("route-distributor", "io.fairlead.routes.RouteDistributorMain"),
        IDENTITIES("identity-service", "io.fairlead.identity.IdentityServiceMain"),
        ADDRESSES("ipam-service", "io.fairlead.ipam.IpamServiceMain");

        private final String program;
        private final String mainClass;

        Kind(String program, String mainClass) {
            this.program = program;
            this.mainClass = mainClass;
        }

        /** Name of the program without "fairlead-". */
        public String program() {
            return program;
        }

        /** Name of its main class. */
        public String mainClass() {
            return mainClass;
        }
    }

    /** How a service is started: the command in front of its arguments. */
    @FunctionalInterface
    public interface Launcher {
        /** The program as it is deployed; {@code FAIRLEAD_JAVA_OPTS} counts. */
        Launcher DEPLOYED = kind -> List.of(Path.of("deploy/bin/fairlead-" + kind.program())
                .toAbsolutePath()
                .toString());

        List<String> command(Kind kind);
    }

    /**
     * Not started yet.
     *
     * @param directory for its log
     * @param etcd "host:port"
     * @param more further arguments
     */
    public Service(Kind kind, Launcher launcher, Path directory, String etcd, String... more) {
        this.kind = kind;
        this.launcher = launcher;
        this.log = directory.resolve(kind.program() + ".log");
        List<String> all = new ArrayList<>(List.of(
                "--listen-address=127.0.0.1:" + port,
                "--health-listen-address=127.0.0.1:" + healthPort,
                "--kvstore-opt=etcd.address=http://" + etcd));
        all.addAll(List.of(more));
        this.arguments = List.copyOf(all);
    }

    private static int freePort() {
        IOException last = new IOException("not tried");
        for (int i = 0; i < PORT_ATTEMPTS; i++) {
            int candidate = ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT);
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), candidate));
                return candidate;
            } catch (IOException e) {
                last = e;
            }
        }
        throw new UncheckedIOException("loopback ports: none free in " + PORT_ATTEMPTS + " attempts", last);
    }

    /** Starts it and returns at once. */
    public void start() {
        List<String> command = new ArrayList<>(launcher.command(kind));
        command.addAll(arguments);
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(String.join(" ", command), e);
        }
    }

    /** Waits until it says that it is ready. */
    public Service awaitReady() {
        Waiting.until(kind.program() + " is ready", START_LIMIT, () -> {
            if (!running().isAlive()) {
                throw new IllegalStateException(
                        kind.program() + ": ended (expected: running); see " + log + "\n" + tail());
            }
            try {
                return get("/readyz").statusCode() == 200 && listens();
            } catch (IOException e) {
                return false;
            }
        });
        return this;
    }

    /** It says that it is ready a moment before its port is there. */
    private boolean listens() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    private String tail() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private HttpResponse<String> get(String path) throws IOException {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + healthPort + path))
                            .timeout(Duration.ofSeconds(20))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw Waiting.interrupted(e);
        }
    }

    /** Port of its gRPC service on 127.0.0.1, the same over restarts. */
    public int port() {
        return port;
    }

    /** True while it runs. */
    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Ends it without warning. */
    public void kill9() {
        Process ending = running();
        ending.destroyForcibly();
        try {
            ending.waitFor();
        } catch (InterruptedException e) {
            throw Waiting.interrupted(e);
        }
    }

    /** The sum of a metric's samples, whatever their labels; 0 when there is none. */
    public double metric(String name) {
        try {
            return new BufferedReader(new StringReader(get("/metrics").body()))
                    .lines()
                    .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(kind.program() + " metrics", e);
        }
    }

    /** Bytes of heap that are reachable, after a full collection. */
    public long liveBytes() {
        try {
            Process jcmd = new ProcessBuilder("jcmd", Long.toString(running().pid()), "GC.class_histogram")
                    .redirectErrorStream(true)
                    .start();
            String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            jcmd.waitFor();
            return output.lines()
                    .filter(line -> line.startsWith("Total"))
                    .mapToLong(line -> Long.parseLong(line.trim().split("\\s+")[2]))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("jcmd GC.class_histogram: " + output));
        } catch (IOException e) {
            throw new UncheckedIOException("jcmd", e);
        } catch (InterruptedException e) {
            throw Waiting.interrupted(e);
        }
    }

    /** Resident memory in MB. */
    public double residentMb() {
        try (var lines = Files.lines(Path.of("/proc/" + running().pid() + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .findFirst()
                            .orElse(0)
                    / 1024.0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Seconds of CPU it has used. */
    public double cpuSeconds() {
        try {
            String stat = Files.readString(Path.of("/proc/" + running().pid() + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process running() {
        Process current = process;
        if (current == null) {
            throw new IllegalStateException(kind.program() + ": not started (expected: running)");
        }
        return current;
    }

    @Override
    public void close() {
        stop();
    }

    /** Asks it to end, and waits. */
    public void stop() {
        Process ending = process;
        if (ending == null) {
            return;
        }
        ending.destroy();
        try {
            if (!ending.waitFor(10, TimeUnit.SECONDS)) {
                ending.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            ending.destroyForcibly();
            throw Waiting.interrupted(e);
        }
    }
}
