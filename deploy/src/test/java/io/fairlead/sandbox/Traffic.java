package io.fairlead.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Numbered datagrams between places of a cluster, by bench/c/steady.c: what is allowed loses none, the rest passes none. */
final class Traffic implements AutoCloseable {
    private static final Path SOURCE = Path.of("../bench/c/steady.c");
    private static final int LONGEST_SECONDS = 300;

    private final Path directory;
    private final Process process;

    private Traffic(Path directory, int rate, List<String> flows) throws IOException, InterruptedException {
        this.directory = directory;
        String program = directory.resolve("steady").toString();
        int compiled = new ProcessBuilder("gcc", "-std=gnu11", "-O2", "-pthread", "-o", program, SOURCE.toString())
                .inheritIO()
                .start()
                .waitFor();
        assertThat(compiled).isZero();
        List<String> command = new ArrayList<>(List.of(program, String.valueOf(LONGEST_SECONDS), String.valueOf(rate)));
        command.addAll(flows);
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output().toFile())
                .start();
    }

    /**
     * Begins, and returns once packets come on every allowed flow.
     *
     * @param rate packets/s each way of each allowed flow; a busy machine gives fewer
     * @param flows as steady.c has them
     */
    static Traffic start(int rate, List<String> flows) throws IOException, InterruptedException {
        Traffic traffic = new Traffic(Files.createTempDirectory("fl-traffic"), rate, flows);
        try {
            Sandbox.await(
                    "packets on every allowed flow",
                    Duration.ofSeconds(10),
                    () -> traffic.soFar().contains("started"));
            return traffic;
        } catch (AssertionError | InterruptedException e) {
            traffic.close();
            throw e;
        }
    }

    /** Ends it and holds it to what it promises. Prints what was sent. */
    void end() throws InterruptedException {
        assertThat(process.isAlive()).as("traffic to the end").isTrue();
        process.destroy();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).as("ended").isTrue();
        List<String> ways =
                soFar().lines().filter(line -> line.contains(" sent ")).toList();
        ways.forEach(System.out::println);
        assertThat(ways).isNotEmpty().noneMatch(way -> way.contains(" sent 0 "));
        assertThat(ways).allMatch(way -> way.contains(way.startsWith("never") ? " received 0 " : " missing 0 "));
    }

    private Path output() {
        return directory.resolve("output");
    }

    private String soFar() {
        try {
            return Files.readString(output());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        for (String file : List.of("steady", "output")) {
            Files.deleteIfExists(directory.resolve(file));
        }
        Files.delete(directory);
    }
}
