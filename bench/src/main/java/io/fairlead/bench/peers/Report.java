package io.fairlead.bench.peers;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Collects what was measured and prints it as Markdown tables: medians with their spread, and ratios to the best peer. */
final class Report {
    private static final List<String> NAMES = List.of("BIRD", "FRR", "GoBGP", "Fairlead");
    private static final String OWN = "Fairlead";

    private final Map<String, Map<String, List<Double>>> bulk = new LinkedHashMap<>();
    private final Map<String, Map<String, List<Double>>> withdrawals = new LinkedHashMap<>();
    private final Map<String, List<Double>> durable = new LinkedHashMap<>();
    private final Map<String, List<Double>> behind = new LinkedHashMap<>();
    private final Map<Integer, Map<String, List<Double>>> singles = new TreeMap<>();
    private final Map<Integer, List<Double>> commits = new TreeMap<>();
    private final Map<String, Map<Integer, Map<String, Double>>> memory = new TreeMap<>();

    void bulk(String name, int clients, Routes routes, long nanos, long durableNanos) {
        add(bulk, cell(clients, routes), name, nanos / 1e6);
        if (name.equals(OWN)) {
            durable.computeIfAbsent(cell(clients, routes), c -> new ArrayList<>())
                    .add(durableNanos / 1e6);
            behind.computeIfAbsent(cell(clients, routes), c -> new ArrayList<>())
                    .add((nanos - durableNanos) / 1e6);
        }
    }

    void tooSlow(String name, int clients, Routes routes, Duration limit) {
        add(bulk, cell(clients, routes), name, Double.POSITIVE_INFINITY);
    }

    void withdraw(String name, int clients, Routes routes, long nanos) {
        add(withdrawals, cell(clients, routes), name, nanos / 1e6);
    }

    void single(String name, int clients, long nanos, long commitNanos) {
        singles.computeIfAbsent(clients, c -> new LinkedHashMap<>())
                .computeIfAbsent(name, n -> new ArrayList<>())
                .add(nanos / 1e6);
        if (name.equals(OWN)) {
            commits.computeIfAbsent(clients, c -> new ArrayList<>()).add(commitNanos / 1e6);
        }
    }

    void memory(String name, int clients, Map<String, Double> megabytes) {
        memory.computeIfAbsent(name, n -> new TreeMap<>()).put(clients, megabytes);
    }

    void print(PrintStream out) {
        out.println(
                "ms from the announcement until the last kernel has all routes, median [min-max]; for Fairlead from the"
                        + " first write to etcd. Beside it, parts of that time: until etcd has made the last write durable"
                        + " (the announcement; etcd's), and from then until the last kernel has all (ours)\n");
        table(out, bulk, true);
        out.println("\nms until all are gone again\n");
        table(out, withdrawals, false);
        out.println("\none route, ms from the announcement until the last kernel has it, median (p99 = largest of "
                + Competitor.SINGLES + "); for Fairlead from etcd's commit, which is shown beside it\n");
        singles(out);
        out.println("\nMB resident: in the middle / a client, after the last cell\n");
        out.println("| clients | " + String.join(" | ", NAMES) + " |\n|---|" + "---|".repeat(NAMES.size()));
        Set<Integer> counts = new TreeSet<>();
        memory.values().forEach(of -> counts.addAll(of.keySet()));
        for (int clients : counts) {
            StringBuilder line = new StringBuilder("| " + clients + " |");
            for (String name : NAMES) {
                Map<String, Double> of = memory.getOrDefault(name, Map.of()).getOrDefault(clients, Map.of());
                line.append(String.format(
                        Locale.ROOT, " %.0f / %.0f |", of.getOrDefault("middle", 0.0), of.getOrDefault("client", 0.0)));
            }
            out.println(line);
        }
    }

    private void table(PrintStream out, Map<String, Map<String, List<Double>>> cells, boolean commit) {
        out.println("| clients x routes, next hops | " + String.join(" | ", NAMES)
                + (commit ? " | etcd durable | behind etcd" : "") + " | best peer / Fairlead |\n|---|"
                + "---|".repeat(NAMES.size() + (commit ? 3 : 1)));
        cells.forEach((cell, values) -> {
            StringBuilder line = new StringBuilder("| " + cell + " |");
            double best = Double.POSITIVE_INFINITY;
            for (String name : NAMES) {
                List<Double> of = values.getOrDefault(name, List.of());
                line.append(" ").append(spread(of)).append(" |");
                best = name.equals(OWN) ? best : Math.min(best, median(of));
            }
            if (commit) {
                line.append(" ")
                        .append(spread(durable.getOrDefault(cell, List.of())))
                        .append(" | ")
                        .append(spread(behind.getOrDefault(cell, List.of())))
                        .append(" |");
            }
            double ratio = best / median(values.getOrDefault(OWN, List.of()));
            out.println(line.append(String.format(Locale.ROOT, " **%.1f** |", ratio)));
        });
    }

    private void singles(PrintStream out) {
        out.println("| clients | " + String.join(" | ", NAMES) + " | etcd's commit |\n|---|"
                + "---|".repeat(NAMES.size() + 1));
        singles.forEach((clients, values) -> {
            StringBuilder line = new StringBuilder("| " + clients + " |");
            for (String name : NAMES) {
                line.append(" ")
                        .append(tail(values.getOrDefault(name, List.of())))
                        .append(" |");
            }
            out.println(line.append(" ")
                    .append(tail(commits.getOrDefault(clients, List.of())))
                    .append(" |"));
        });
    }

    private static String cell(int clients, Routes routes) {
        return clients + " x " + routes.count() + ", " + routes.shape();
    }

    private static void add(Map<String, Map<String, List<Double>>> to, String cell, String name, double value) {
        to.computeIfAbsent(cell, c -> new LinkedHashMap<>())
                .computeIfAbsent(name, n -> new ArrayList<>())
                .add(value);
    }

    private static String spread(List<Double> values) {
        if (values.isEmpty() || values.contains(Double.POSITIVE_INFINITY)) {
            return values.isEmpty() ? "-" : "> 90 s";
        }
        return String.format(
                Locale.ROOT, "%.0f [%.0f-%.0f]", median(values), Collections.min(values), Collections.max(values));
    }

    private static String tail(List<Double> values) {
        return values.isEmpty()
                ? "-"
                : String.format(Locale.ROOT, "%.2f (%.1f)", median(values), Collections.max(values));
    }

    private static double median(List<Double> values) {
        if (values.isEmpty()) {
            return Double.POSITIVE_INFINITY;
        }
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
