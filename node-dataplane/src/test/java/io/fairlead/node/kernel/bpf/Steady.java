package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Numbered datagrams between namespaces while something happens, by bench/c/steady.c: none may be missing. */
final class Steady implements AutoCloseable {
    private static final Path SOURCE = Path.of("../bench/c/steady.c");
    private static final int LONGEST_SECONDS = 60;

    private final Path directory;
    private final Path output;
    private final Process process;

    /**
     * A flow.
     *
     * @param allowed both ways and nothing may be missing; else one way and nothing may arrive
     */
    record Flow(boolean allowed, String netns, Ip from, int sport, String toNetns, Ip to, int dport) {
        private String argument() {
            return String.join(
                    ",",
                    allowed ? "both" : "never",
                    netns,
                    from.toString(),
                    String.valueOf(sport),
                    toNetns,
                    to.toString(),
                    String.valueOf(dport));
        }
    }

    private Steady(Path directory, int rate, List<Flow> flows) throws IOException {
        this.directory = directory;
        output = directory.resolve("output");
        Path program = directory.resolve("steady");
        Namespace.sh("gcc -std=gnu11 -O2 -pthread -o " + program + " " + SOURCE);
        List<String> command =
                new ArrayList<>(List.of(program.toString(), String.valueOf(LONGEST_SECONDS), String.valueOf(rate)));
        flows.forEach(flow -> command.add(flow.argument()));
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    /**
     * Begins, and returns once packets come on every allowed flow.
     *
     * @param rate packets/s each way of each allowed flow; a busy machine gives fewer
     */
    static Steady start(int rate, List<Flow> flows) throws IOException, InterruptedException {
        Steady steady = new Steady(Files.createTempDirectory("fl-steady"), rate, flows);
        try {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (!steady.soFar().contains("started")) {
                assertThat(steady.process.isAlive() && System.nanoTime() < deadline)
                        .as("packets on every allowed flow: %s", steady.soFar())
                        .isTrue();
                TimeUnit.MILLISECONDS.sleep(5);
            }
            return steady;
        } catch (AssertionError | IOException | InterruptedException e) {
            steady.close();
            throw e;
        }
    }

    /** Ends it and holds it to what it promises. Prints what was sent. */
    void end() throws IOException, InterruptedException {
        assertThat(process.isAlive()).as("traffic to the end").isTrue();
        process.destroy();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).as("ended").isTrue();
        String said = soFar();
        System.out.print(said.replace("started\n", ""));
        List<String> ways = said.lines().filter(line -> line.contains(" sent ")).toList();
        assertThat(ways).isNotEmpty();
        for (String way : ways) {
            if (way.startsWith("never")) {
                assertThat(way).contains(" received 0 ").doesNotContain(" sent 0 ");
            } else {
                assertThat(way).contains(" missing 0 ").doesNotContain(" sent 0 ");
            }
        }
    }

    private String soFar() throws IOException {
        return Files.readString(output, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        Namespace.sh("rm -r " + directory);
    }
}
