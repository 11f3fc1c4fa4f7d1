package io.fairlead.cli.connectivity;

import io.fairlead.contract.Ip;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A driver that is an executable; each verb is one run of it. The verbs are in the module's DESIGN.md. */
final class ProcessDriver implements Driver {
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final String program;
    private volatile boolean stopped; // set once

    /** @param program path, or name in PATH */
    ProcessDriver(String program) {
        this.program = program;
    }

    /** What a run printed. */
    private record Output(int exit, List<String> lines) {}

    /** Nothing more is made or tried; what was made can still be deleted. Any thread. */
    void stop() {
        stopped = true;
    }

    @Override
    public List<Place> nodes() {
        return ok("nodes").stream()
                .map(line -> {
                    String[] words = line.split(" +");
                    return new Place(Place.Kind.NODE, words[0], words[0], addresses("nodes", words, 1), Map.of());
                })
                .toList();
    }

    @Override
    public Place addPod(PodPlan plan) {
        String name = plan.namespace() + "/" + plan.name();
        List<String> words = new ArrayList<>(List.of("pod", "add", plan.node(), name));
        new TreeMap<>(plan.labels()).forEach((key, value) -> words.addAll(List.of("--label", key + "=" + value)));
        plan.ports().forEach(port -> words.addAll(List.of("--serve", port.toString())));
        return new Place(Place.Kind.POD, name, plan.node(), made(words), plan.labels());
    }

    @Override
    public void deletePod(String namespace, String name) {
        ok("pod", "delete", namespace + "/" + name);
    }

    @Override
    public Place addWorld(String name, List<Integer> ports) {
        List<String> words = new ArrayList<>(List.of("world", "add", name));
        ports.forEach(port -> words.addAll(List.of("--serve", port.toString())));
        return new Place(Place.Kind.WORLD, name, "", made(words), Map.of());
    }

    @Override
    public void deleteWorld(String name) {
        ok("world", "delete", name);
    }

    private List<Ip> made(List<String> words) {
        List<String> lines = ok(words.toArray(String[]::new));
        return addresses(
                String.join(" ", words),
                lines.isEmpty() ? new String[0] : lines.get(0).split(" +"),
                0);
    }

    private List<Ip> addresses(String verb, String[] words, int from) {
        List<Ip> addresses = new ArrayList<>();
        for (int i = from; i < words.length; i++) {
            try {
                addresses.add(Ip.parse(words[i]));
            } catch (IllegalArgumentException e) {
                throw new DriverException(
                        text(verb) + ": " + String.join(" ", words) + " (expected: addresses separated by blanks)", e);
            }
        }
        if (addresses.isEmpty()) {
            throw new DriverException(text(verb) + ": " + String.join(" ", words) + " (expected: an address)");
        }
        return addresses;
    }

    @Override
    public Path socket(String node) {
        List<String> lines = ok("socket", node);
        if (lines.size() != 1) {
            throw new DriverException(text("socket " + node) + ": " + lines.size() + " lines (expected: one, a path)");
        }
        return Path.of(lines.get(0));
    }

    @Override
    public List<String> logs(String node) {
        return ok("logs", node);
    }

    @Override
    public boolean reach(Place from, Try what, Ip to, int port, Duration patience) {
        List<String> words = new ArrayList<>(List.of(
                "reach",
                from.kind().text(),
                from.name(),
                what.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                to.toString()));
        if (what == Try.TCP) {
            words.add(Integer.toString(port));
        }
        words.add(Long.toString(patience.toSeconds()));
        Output output = run(words);
        return switch (output.exit()) {
            case 0 -> true;
            case 1 -> false;
            default -> throw failed(String.join(" ", words), output);
        };
    }

    @Override
    public Held hold(Place from, Ip to, int port) {
        List<String> words = List.of("hold", from.kind().text(), from.name(), to.toString(), Integer.toString(port));
        Process process = start(words);
        return () -> {
            try (InputStream said = process.getInputStream()) {
                // it ends when its input does
                process.getOutputStream().close();
                String last = new String(said.readAllBytes(), StandardCharsets.UTF_8).strip();
                boolean ended = process.waitFor(5, TimeUnit.SECONDS);
                process.destroyForcibly();
                return ended && process.exitValue() == 0 ? "" : last.isEmpty() ? "the connection ended" : last;
            } catch (IOException e) {
                throw new DriverException(text("hold") + ": " + e.getMessage(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DriverException(text("hold") + ": interrupted", e);
            }
        };
    }

    private List<String> ok(String... words) {
        Output output = run(List.of(words));
        if (output.exit() != 0) {
            throw failed(String.join(" ", words), output);
        }
        return output.lines();
    }

    private DriverException failed(String verb, Output output) {
        return new DriverException(text(verb) + ": exit code " + output.exit() + ": "
                + String.join(
                        "; ",
                        output.lines().subList(0, Math.min(5, output.lines().size()))));
    }

    private Output run(List<String> words) {
        if (stopped && !words.contains("delete")) {
            throw new DriverException("interrupted");
        }
        Process process = start(words);
        try (InputStream said = process.getInputStream()) {
            process.getOutputStream().close();
            List<String> lines = new String(said.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            if (!process.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new DriverException(
                        text(String.join(" ", words)) + ": not done within " + LONGEST.toSeconds() + " s");
            }
            return new Output(process.exitValue(), lines);
        } catch (IOException e) {
            throw new DriverException(text(String.join(" ", words)) + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new DriverException(text(String.join(" ", words)) + ": interrupted", e);
        }
    }

    private Process start(List<String> words) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(words);
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new DriverException(
                    "driver: " + program + " cannot be run: " + e.getMessage() + " (expected: an executable)", e);
        }
    }

    private String text(String verb) {
        return "driver " + program + " " + verb;
    }
}
