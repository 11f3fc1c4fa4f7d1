package io.fairlead.cli.sysdump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs the system's own tools and keeps what they say. */
final class Programs {
    private static final long SECONDS = 20;

    private Programs() {}

    /**
     * The output of a program, errors among it.
     *
     * @throws IOException when there is no such program, or it does not end in time
     */
    static String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .start();
        CompletableFuture<byte[]> output = CompletableFuture.supplyAsync(() -> read(process));
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(String.join(" ", command) + ": not done within " + SECONDS + " s");
            }
            String text = new String(output.get(SECONDS, TimeUnit.SECONDS), StandardCharsets.UTF_8);
            return process.exitValue() == 0 ? text : text + "exit code " + process.exitValue() + "\n";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(String.join(" ", command) + ": interrupted", e);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new IOException(String.join(" ", command) + ": " + e, e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static byte[] read(Process process) {
        try {
            return process.getInputStream().readAllBytes();
        } catch (IOException e) {
            return ("output lost: " + e + "\n").getBytes(StandardCharsets.UTF_8);
        }
    }
}
