package io.fairlead.kvstore.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One member of an {@link EtcdCluster}, a process that can be made to fail. For one thread at a time. */
public final class EtcdMember {
    private final EtcdPlace place;
    private final Path directory;
    private final List<String> arguments;
    private @Nullable Process process;

    EtcdMember(EtcdPlace place, Path directory, List<String> arguments) {
        this.place = place;
        this.directory = directory;
        this.arguments = List.copyOf(arguments);
    }

    public String name() {
        return place.name();
    }

    /** Where clients reach it: "host:port". */
    public String endpoint() {
        return place.client();
    }

    /** True while its process is there, paused or not. */
    public boolean isAlive() {
        Process current = process;
        return current != null && current.isAlive();
    }

    /** Starts it, on the data it has; whether it is up is another question. */
    public void start() {
        start(List.of());
    }

    /**
     * Starts it inside a further command, such as one that changes its clock.
     *
     * @param wrapper command that executes what is appended to it
     */
    public void start(List<String> wrapper) {
        if (isAlive()) {
            throw new IllegalStateException("etcd " + name() + ": running (expected: ended before it is started)");
        }
        List<String> command = new ArrayList<>(place.launcher());
        command.addAll(wrapper);
        command.addAll(List.of(EtcdProcess.BINARY.toString(), "--data-dir=" + directory.resolve("data")));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("ETCD_"));
        File log = log().toFile();
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log));
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("etcd: " + command.get(0) + " (expected: an executable)", e);
        }
    }

    /** Ends it without warning; its data stays. */
    public void kill9() {
        Process ending = process;
        process = null;
        if (ending != null) {
            ending.destroyForcibly();
            try {
                ending.waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Stops it from running without ending it. */
    public void pause() {
        signal("STOP");
    }

    /** Ends {@link #pause()}. */
    public void resume() {
        signal("CONT");
    }

    /** Where its log is. */
    public Path log() {
        return directory.resolve("log");
    }

    /** True when it answers and has a leader. Only where its address can be reached from here. */
    public boolean isHealthy() {
        return isAlive() && Health.ofEtcd(endpoint());
    }

    String lastLines() {
        try {
            List<String> lines = Files.readAllLines(log());
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size()));
        } catch (IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    private void signal(String name) {
        Process current = process;
        if (current == null) {
            throw new IllegalStateException("etcd " + name() + ": killed (expected: running)");
        }
        try {
            int code = new ProcessBuilder("kill", "-" + name, Long.toString(current.pid()))
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new IllegalStateException("kill -" + name + " " + current.pid() + ": exit code " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("kill -" + name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
