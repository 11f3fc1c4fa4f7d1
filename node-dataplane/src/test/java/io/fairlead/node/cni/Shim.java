package io.fairlead.node.cni;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Runs the compiled shim as a runtime does: nothing but CNI_ variables in its environment. */
record Shim(Path binary) {
    /** What the build made. */
    static final Shim BUILT = new Shim(Path.of("target/cni/fairlead-cni").toAbsolutePath());

    record Ended(int exitCode, String output) {}

    /** Compiles the shim with another deadline. */
    static Shim withDeadline(Path directory, int millis) throws IOException, InterruptedException {
        Process make = new ProcessBuilder("make", "-s", "-C", "cni", "OUT=" + directory, "DEADLINE_MS=" + millis)
                .inheritIO()
                .start();
        if (make.waitFor() != 0) {
            throw new IOException("make failed");
        }
        return new Shim(directory.resolve("fairlead-cni"));
    }

    static Map<String, String> environment(String command, String... more) {
        Map<String, String> environment = new TreeMap<>(Map.of(
                "CNI_COMMAND", command,
                "CNI_CONTAINERID", "default-t2",
                "CNI_NETNS", "/proc/77/ns/net",
                "CNI_IFNAME", "eth0",
                "CNI_PATH", "/opt/cni/bin"));
        for (String assignment : more) {
            int equals = assignment.indexOf('=');
            environment.put(assignment.substring(0, equals), assignment.substring(equals + 1));
        }
        return environment;
    }

    Ended run(Map<String, String> environment, String stdin) throws IOException, InterruptedException {
        return run(environment, stdin.getBytes(StandardCharsets.UTF_8));
    }

    Ended run(Map<String, String> environment, byte[] stdin) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(binary.toString()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(stdin);
        } catch (IOException e) {
            // It may refuse before it has read everything; the answer is what counts.
            assert e.getMessage() != null;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("shim did not end");
        }
        return new Ended(process.exitValue(), output);
    }
}
