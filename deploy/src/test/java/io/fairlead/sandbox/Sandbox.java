package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A sandbox of the tests' own, beside any other that runs on the machine. */
final class Sandbox implements AutoCloseable {
    private static final Path SCRIPT = Path.of("sandbox/sandbox").toAbsolutePath();

    private final String name;
    private final Path outputs;

    /**
     * What a command printed.
     *
     * @param exit its exit code
     * @param text standard output and error
     */
    record Output(int exit, String text) {
        List<String> lines() {
            return text.lines().toList();
        }
    }

    Sandbox(String name) throws IOException {
        this.name = name;
        this.outputs = Files.createTempDirectory("fl-sandbox-test");
    }

    String name() {
        return name;
    }

    /** Runs a sandbox command, whatever comes of it. */
    Output run(String... command) {
        return run(Duration.ofMinutes(2), command);
    }

    /** Runs a sandbox command that must succeed; returns what it printed. */
    String ok(String... command) {
        Output output = run(command);
        assertThat(output.exit()).as("%s: %s", List.of(command), output.text()).isZero();
        return output.text();
    }

    Output run(Duration limit, String... command) {
        try {
            Path file = Files.createTempFile(outputs, "out", ".txt");
            Process process = start(file, command);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new AssertionError(List.of(command) + " took more than " + limit + ": " + Files.readString(file));
            }
            return new Output(process.exitValue(), Files.readString(file));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a command on several components at once; all must succeed. */
    void together(String command, String... components) throws IOException, InterruptedException {
        List<Running> all = new ArrayList<>();
        for (String component : components) {
            all.add(begin(command, component));
        }
        for (Running each : all) {
            String said = each.end(Duration.ofMinutes(2));
            assertThat(each.process().exitValue()).as("%s: %s", command, said).isZero();
        }
    }

    /** Starts a sandbox command and leaves it running; its output goes to a file. */
    Running begin(String... command) {
        try {
            Path file = Files.createTempFile(outputs, "out", ".txt");
            return new Running(start(file, command), file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A command that is still running. */
    record Running(Process process, Path file) {
        /** Waits for its end; returns what it printed. */
        String end(Duration limit) throws IOException, InterruptedException {
            assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
                    .as("ended within %s: %s", limit, Files.readString(file))
                    .isTrue();
            return Files.readString(file);
        }

        String soFar() throws IOException {
            return Files.readString(file);
        }
    }

    /** An address of a pod, from the list of pods. */
    String podIp(String pod) {
        return ok("pods")
                .lines()
                .map(line -> line.split("\\s+"))
                .filter(fields -> fields.length >= 3 && fields[0].equals(pod))
                .map(fields -> fields[2])
                .findFirst()
                .orElseThrow(() -> new AssertionError("no pod " + pod));
    }

    /** The host side of a pod's pair. */
    String podDevice(String pod) {
        return ok("pods")
                .lines()
                .map(line -> line.split("\\s+"))
                .filter(fields -> fields.length >= 4 && fields[0].equals(pod))
                .map(fields -> fields[3])
                .findFirst()
                .orElseThrow(() -> new AssertionError("no pod " + pod));
    }

    /** True when one of three pings of a second each is answered. */
    boolean answers(String pod, String address) {
        return run("pod", "exec", pod, "--", "ping", "-c", "3", "-i", "0.2", "-W", "1", address)
                        .exit()
                == 0;
    }

    /** Every test of the catalogue, none left out. */
    void passesConnectivityTest() {
        Output output = run(Duration.ofMinutes(4), "connectivity");
        assertThat(output.exit()).as(output.text()).isZero();
        assertThat(output.text())
                .containsPattern("All (\\d{2,}) tests \\(\\d{3,} actions\\) successful, 0 tests skipped");
    }

    /** Restarts a node's agent with one more setting. */
    void restart(String node, String setting) throws IOException {
        Files.writeString(
                Path.of("/run/fairlead-sandbox", name, "config"), "agent " + setting + "\n", StandardOpenOption.APPEND);
        ok("restart", node);
    }

    static void await(String what, Duration limit, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("%s within %s", what, limit).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** Nothing of it may stay, whatever the tests did. */
    @Override
    public void close() {
        run("down");
        assertThat(Path.of("/run/netns").toFile().list())
                .isNotNull()
                .noneMatch(namespace -> namespace.startsWith("fl-" + name + "-"))
                .doesNotContainAnyElementsOf(Stream.of("dev1", "dev2", "dev3", "dev4")
                        .map(this::healthNamespace)
                        .toList());
    }

    /** As the agent names it: by the node and its state directory. */
    private String healthNamespace(String node) {
        String root = System.getenv().getOrDefault("FAIRLEAD_SANDBOX_STATE", "/run/fairlead-sandbox");
        String directory = root + "/" + name + "/nodes/" + node + "/run";
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(directory.getBytes(StandardCharsets.UTF_8));
            return "fl-health-" + node + "-" + HexFormat.of().formatHex(hash, 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Process start(Path file, String... command) throws IOException {
        List<String> all = new ArrayList<>(List.of(SCRIPT.toString(), "--name", name));
        all.addAll(List.of(command));
        return new ProcessBuilder(all)
                .redirectErrorStream(true)
                .redirectOutput(file.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .start();
    }
}
