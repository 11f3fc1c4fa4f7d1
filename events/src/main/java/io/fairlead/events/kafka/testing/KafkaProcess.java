package io.fairlead.events.kafka.testing;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** One Kafka broker with its own controller, as a child process on loopback. */
public final class KafkaProcess implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(40);

    private final Path directory;
    private final int port;
    private @Nullable Process process;

    private KafkaProcess(Path directory, int port) {
        this.directory = directory;
        this.port = port;
    }

    /** Starts an empty one and waits until it answers. */
    public static KafkaProcess start() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("fl-kafka-");
        int port = freePort();
        int controller = freePort();
        KafkaProcess made = new KafkaProcess(directory, port);
        Runtime.getRuntime().addShutdownHook(new Thread(made::kill));
        made.configure(controller);
        made.format();
        made.launch();
        return made;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void configure(int controller) throws IOException {
        Map<String, String> settings = Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", "1"),
                Map.entry("controller.quorum.voters", "1@127.0.0.1:" + controller),
                Map.entry("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller),
                Map.entry("controller.listener.names", "CONTROLLER"),
                Map.entry("inter.broker.listener.name", "PLAINTEXT"),
                Map.entry("log.dirs", directory.resolve("data").toString()),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("offsets.topic.num.partitions", "1"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                Map.entry("auto.create.topics.enable", "false"));
        String text = settings.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining("\n"));
        Files.writeString(directory.resolve("server.properties"), text);
    }

    /** What kafka-storage format would write, without a virtual machine for it. */
    private void format() throws IOException {
        Files.createDirectories(directory.resolve("data"));
        Files.writeString(
                directory.resolve("data/meta.properties"),
                "version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\nnode.id=1\ndirectory.id=9nYsPbV2QUOO9nYsPbV2QQ\n");
    }

    private Process broker() throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                "kafka.Kafka",
                directory.resolve("server.properties").toString());
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start();
    }

    private void launch() throws IOException, InterruptedException {
        Process started = broker();
        process = started;
        long end = System.nanoTime() + LIMIT.toNanos();
        try (Admin admin = admin()) {
            while (true) {
                try {
                    admin.describeCluster().nodes().get(2, TimeUnit.SECONDS);
                    return;
                } catch (ExecutionException | TimeoutException e) {
                    if (System.nanoTime() > end || !started.isAlive()) {
                        throw new IllegalStateException("Kafka did not come up: " + log(), e);
                    }
                }
            }
        }
    }

    /** A client of it. */
    public Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", servers(), "request.timeout.ms", "2000"));
    }

    public String servers() {
        return "127.0.0.1:" + port;
    }

    /** SIGKILL. */
    public void kill() {
        Process running = process;
        process = null;
        if (running != null) {
            running.destroyForcibly().onExit().join();
        }
    }

    /** Again, with what it had. */
    public void restart() throws IOException, InterruptedException {
        launch();
    }

    private String log() throws IOException {
        String text = Files.readString(directory.resolve("log"));
        return text.substring(Math.max(0, text.length() - 3000));
    }

    @Override
    public void close() throws IOException {
        kill();
        try (var files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
