package io.fairlead.soak.cluster;

import io.fairlead.runtime.config.HostPort;
import io.fairlead.runtime.process.testing.JavaProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One replica of a service: a virtual machine of its own, in a place of its own, that can be made to fail. */
public final class Replica {
    private static final int HEALTH_PORT = 7400;
    private static final int PORT = 7300;

    private final Network.Place place;
    private final Class<?> main;
    private final List<String> arguments;
    private final Path log;
    private final Clocks clock;
    private @Nullable Process process;
    private boolean paused;

    Replica(Network.Place place, Class<?> main, List<String> arguments, Path directory, Path clockLibrary) {
        this.place = place;
        this.main = main;
        this.log = directory.resolve(place.name() + ".log");
        this.clock = new Clocks(clockLibrary, directory.resolve(place.name() + ".clock"));
        this.arguments = new ArrayList<>(arguments);
        this.arguments.add("--listen-address=" + place.address() + ":" + PORT);
        this.arguments.add("--health-listen-address=0.0.0.0:" + HEALTH_PORT);
    }

    public String name() {
        return place.name();
    }

    /** Where nodes reach it. */
    public HostPort address() {
        return new HostPort(place.address(), PORT);
    }

    /** Starts it, unless it is there; whether it is ready is another question. */
    public void start() {
        if (isAlive()) {
            return;
        }
        ProcessBuilder builder = JavaProcess.builder(place.launcher(), main, log, arguments);
        builder.environment().putAll(clock.environment());
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(name(), e);
        }
    }

    public boolean isAlive() {
        Process current = process;
        return current != null && current.isAlive();
    }

    public void kill9() {
        Process ending = process;
        process = null;
        paused = false;
        if (ending != null) {
            ending.destroyForcibly();
            try {
                ending.waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    public void pause() {
        signal("STOP");
        paused = true;
    }

    public void resume() {
        if (paused) {
            signal("CONT");
            paused = false;
        }
    }

    /** Puts its wall clock wrong by so many seconds, 0 for right. */
    public void clock(long seconds) {
        clock.set(seconds);
    }

    /** True when it says it is ready for work. */
    public boolean isReady() {
        try {
            get("/readyz");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Sum of a counter or gauge over its labels; 0 when there is none. */
    public double metric(String name) throws IOException {
        return get("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Where its log is. */
    public Path log() {
        return log;
    }

    private String get(String path) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create("http://" + place.control() + ":" + HEALTH_PORT + path)
                        .toURL()
                        .openConnection();
        connection.setConnectTimeout(500);
        connection.setReadTimeout(2000);
        try (var body = connection.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            connection.disconnect();
        }
    }

    private void signal(String name) {
        Process current = process;
        if (current != null) {
            Network.run("kill", "-" + name, Long.toString(current.pid()));
        }
    }
}
