package io.fairlead.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** The neutral judge: bench/c/rtwatch, looking into all clients' kernels. */
final class Watcher implements AutoCloseable {
    private final Process process;
    private final OutputStream commands;
    private final BlockingQueue<String> said = new ArrayBlockingQueue<>(16);

    Watcher(Network network) {
        List<String> command = new ArrayList<>(List.of("bench/target/rtwatch"));
        command.addAll(network.clientPaths());
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("rtwatch", e);
        }
        commands = process.getOutputStream();
        Thread reader = new Thread(this::read, "rtwatch");
        reader.setDaemon(true);
        reader.start();
        expect("ready");
    }

    /** Begins to count routes that appear in each client, or that go. */
    void begin(boolean appear, int routes) {
        said.clear();
        try {
            commands.write(((appear ? "add " : "del ") + routes + "\n").getBytes(StandardCharsets.UTF_8));
            commands.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("rtwatch", e);
        }
        expect("ok");
    }

    /** When the last client had the last one, as System.nanoTime; empty when the time is over. */
    OptionalLong done(Duration limit) {
        try {
            String line = said.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            return line == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(line.substring(5)));
        } catch (InterruptedException e) {
            throw Shell.interrupted(e);
        }
    }

    private void expect(String word) {
        try {
            String line = said.poll(20, TimeUnit.SECONDS);
            if (!word.equals(line)) {
                throw new IllegalStateException("rtwatch: " + line + " (expected: " + word + ")");
            }
        } catch (InterruptedException e) {
            throw Shell.interrupted(e);
        }
    }

    private void read() {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                said.add(line);
            }
        } catch (IOException e) {
            said.add("ended: " + e);
        }
    }

    @Override
    public void close() {
        Shell.stop(process);
    }
}
