package io.fairlead.soak;

import io.fairlead.soak.check.Violation;
import io.fairlead.soak.history.History;
import io.fairlead.soak.history.Kind;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What a run says while it runs and when it ends, and what it leaves in files. For the run's thread. */
final class Report {
    private static final int AROUND = 12;
    private static final Duration BEFORE = Duration.ofSeconds(20);

    private final SoakOptions options;
    private final History history;
    private final Consumer<String> out;
    private final List<Long> convergence = new ArrayList<>();
    private int rounds;
    private int said;

    Report(SoakOptions options, History history, Consumer<String> out) {
        this.options = options;
        this.history = history;
        this.out = out;
    }

    void begin() {
        out.accept("soak: seed %d, %d s, %d nodes; files in %s"
                .formatted(options.seed(), options.duration().toSeconds(), options.nodes(), options.directory()));
        out.accept("soak: again with: %s".formatted(again()));
    }

    void ready() {
        out.accept("soak: cluster ready after %.1f s".formatted(history.now() / 1e9));
    }

    void starts(String text) {
        out.accept("%8.1f s  %s".formatted(history.now() / 1e9, text));
    }

    void note(String text) {
        out.accept("            %s".formatted(text));
    }

    void round(int number, String text, long began, long tookMs) {
        rounds++;
        convergence.add(tookMs);
        out.accept("%8.1f s  round %d (%.1f s), tables equal after %d ms, %d operations: %s"
                .formatted(
                        history.now() / 1e9,
                        number,
                        (history.now() - began) / 1e9,
                        tookMs,
                        history.operations().size(),
                        text));
    }

    /** Says those that were not said yet, each with the operations around it. */
    void violations(List<Violation> found) {
        List<Operation> operations = history.operations();
        for (Violation violation : found.subList(said, found.size())) {
            out.accept("VIOLATION " + violation);
            around(operations, violation).forEach(operation -> out.accept("    " + operation.text()));
        }
        said = found.size();
    }

    void end(List<Violation> found) throws IOException {
        violations(found);
        List<Operation> operations = history.operations();
        Path file = options.directory().resolve("history.txt");
        Files.write(file, operations.stream().map(Operation::text).toList());
        out.accept("");
        out.accept(summary(operations));
        out.accept(refusals(operations));
        out.accept("history: %s".formatted(file));
        if (found.isEmpty()) {
            out.accept("soak: every invariant held, seed %d".formatted(options.seed()));
        } else {
            out.accept("soak: %d VIOLATIONS, seed %d; again with: %s".formatted(found.size(), options.seed(), again()));
        }
    }

    private String again() {
        return "make soak SOAK=" + options.duration().toSeconds() + "s SEED=" + options.seed();
    }

    /** Those about the same subject, and the last ones before it when it is about none. */
    private static List<Operation> around(List<Operation> operations, Violation violation) {
        List<Operation> about = new ArrayList<>(operations.stream()
                .filter(operation -> violation.subject().isEmpty()
                        ? operation.completed() <= violation.at()
                                && operation.completed() >= violation.at() - BEFORE.toNanos()
                        : operation.subject().equals(violation.subject()))
                .toList());
        about.sort(Comparator.comparingLong(Operation::invoked));
        return about.subList(Math.max(0, about.size() - AROUND), about.size());
    }

    private String summary(List<Operation> operations) {
        StringBuilder text = new StringBuilder("| operation | ok | refused | not answered |\n|---|---:|---:|---:|\n");
        for (Map.Entry<Kind, Map<Outcome, Integer>> kind :
                History.counts(operations).entrySet()) {
            text.append("| ").append(kind.getKey());
            for (Outcome outcome : Outcome.values()) {
                text.append(" | ").append(kind.getValue().getOrDefault(outcome, 0));
            }
            text.append(" |\n");
        }
        List<Long> sorted = new ArrayList<>(convergence);
        Collections.sort(sorted);
        return text + "rounds: " + rounds + "; tables equal after healing: median "
                + (sorted.isEmpty() ? 0 : sorted.get(sorted.size() / 2)) + " ms, longest "
                + (sorted.isEmpty() ? 0 : sorted.get(sorted.size() - 1)) + " ms";
    }

    /** What was said instead of an answer, most frequent first; numbers in it do not count. */
    private static String refusals(List<Operation> operations) {
        Map<String, Integer> counts = new TreeMap<>();
        for (Operation operation : operations) {
            if (operation.outcome() != Outcome.OK) {
                String text = operation.said().replaceAll("[0-9]+", "N");
                counts.merge(operation.kind() + " " + text.substring(0, Math.min(text.length(), 140)), 1, Integer::sum);
            }
        }
        return String.join(
                "\n",
                counts.entrySet().stream()
                        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                        .limit(20)
                        .map(entry -> String.format("%6d  %s", entry.getValue(), entry.getKey()))
                        .toList());
    }
}
