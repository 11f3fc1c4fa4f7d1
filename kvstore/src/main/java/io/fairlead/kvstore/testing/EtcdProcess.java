package io.fairlead.kvstore.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One etcd as a child process, on loopback ports of its own, with its data in a temporary directory.
 *
 * <p>It elects itself within half a second and grants leases from one second on. For one thread at a time. It ends with
 * the JVM at the latest, unless the JVM is killed.
 */
public final class EtcdProcess implements EtcdServer {
    private static final Path BINARY = Path.of("/usr/bin/etcd");
    private static final Duration START_LIMIT = Duration.ofSeconds(20);
    private static final int START_ATTEMPTS = 5;

    private final Path directory;
    private final Thread atExit = new Thread(this::end, "etcd-process-exit");
    private int clientPort;
    private int peerPort;
    private @Nullable Process process;

    private EtcdProcess(Path directory) {
        this.directory = directory;
    }

    /** True when this machine has etcd. */
    public static boolean isAvailable() {
        return Files.isExecutable(BINARY);
    }

    /**
     * Starts an empty etcd and waits until it has a leader.
     *
     * @throws IllegalStateException with etcd's log when it does not come up
     */
    public static EtcdProcess start() {
        try {
            EtcdProcess made = new EtcdProcess(Files.createTempDirectory("fl-etcd-"));
            Runtime.getRuntime().addShutdownHook(made.atExit);
            made.startOnFreePorts();
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException("etcd data directory", e);
        }
    }

    @Override
    public String endpoint() {
        return "127.0.0.1:" + clientPort;
    }

    /** Process id, for those who look at it from outside. */
    public long pid() {
        return running().pid();
    }

    @Override
    public void kill9() {
        end();
    }

    @Override
    public void restart() {
        if (process != null) {
            throw new IllegalStateException("etcd: running (expected: killed before it is restarted)");
        }
        if (!launch()) {
            throw new IllegalStateException("etcd: did not come up again: " + log());
        }
    }

    @Override
    public void restartEmpty() {
        delete(data());
        restart();
    }

    @Override
    public void pause() {
        signal("STOP");
    }

    @Override
    public void resume() {
        signal("CONT");
    }

    @Override
    public void close() {
        end();
        delete(directory);
        if (!Thread.currentThread().equals(atExit)) {
            try {
                Runtime.getRuntime().removeShutdownHook(atExit);
            } catch (IllegalStateException e) {
                // the JVM is ending: the hook runs, and finds nothing left to do
                return;
            }
        }
    }

    private void startOnFreePorts() {
        for (int i = 0; i < START_ATTEMPTS; i++) {
            clientPort = Ports.free();
            peerPort = Ports.free();
            if (clientPort != peerPort && launch()) {
                return;
            }
            end();
            delete(data());
        }
        String log = log();
        close();
        throw new IllegalStateException("etcd: did not start in " + START_ATTEMPTS + " attempts: " + log);
    }

    private boolean launch() {
        List<String> command = new ArrayList<>(List.of(BINARY.toString(), "--data-dir=" + data()));
        command.addAll(arguments(clientPort, peerPort));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("ETCD_"));
        File log = directory.resolve("log").toFile();
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log));
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("etcd: " + BINARY + " (expected: an executable)", e);
        }
        return isUp();
    }

    /** One member on two loopback ports that elects itself fast. */
    static List<String> arguments(int clientPort, int peerPort) {
        String client = "http://127.0.0.1:" + clientPort;
        String peer = "http://127.0.0.1:" + peerPort;
        return List.of(
                "--name=default",
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=default=" + peer,
                "--heartbeat-interval=20",
                "--election-timeout=200",
                "--logger=zap",
                "--log-level=warn");
    }

    /** Waits for a leader; false when the process ends first, as when a port was taken. */
    private boolean isUp() {
        long limit = System.nanoTime() + START_LIMIT.toNanos();
        while (running().isAlive() && System.nanoTime() < limit) {
            if (Health.ofEtcd(endpoint())) {
                return true;
            }
            try {
                if (running().waitFor(20, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    private void end() {
        Process ending = process;
        process = null;
        if (ending != null) {
            ending.destroyForcibly();
            try {
                ending.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void signal(String name) {
        try {
            int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new IllegalStateException("kill -" + name + " " + pid() + ": exit code " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("kill -" + name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process running() {
        Process current = process;
        if (current == null) {
            throw new IllegalStateException("etcd: killed (expected: running)");
        }
        return current;
    }

    /** Where its data is; to be touched only while it is killed. */
    public Path data() {
        return directory.resolve("data");
    }

    private String log() {
        try {
            List<String> lines = Files.readAllLines(directory.resolve("log"));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    private static void delete(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + root, e);
        }
    }
}
