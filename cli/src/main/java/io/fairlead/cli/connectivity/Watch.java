package io.fairlead.cli.connectivity;

import io.fairlead.cli.connectivity.Driver.Held;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What must hold all through a run: no drop without a policy, no connection cut, no error in a log. For one thread. */
final class Watch {
    /** Drops that policies are for. */
    static final Set<String> BY_POLICY = Set.of("Policy denied", "Policy denied by denylist");
    /** Pods report their multicast groups, and nobody carries those. */
    private static final Set<String> USUAL = Set.of("Unknown L3 target address");

    private static final Pattern ERROR = Pattern.compile(
            "\\b(ERROR|FATAL)\\b|\"level\":\"(error|fatal)\"|\\bpanic\\b|[Uu]nhandled|OutOfMemoryError");

    private final Driver driver;
    private final Agents agents;
    private final List<Place> nodes;
    private final Clock clock;
    private final Map<String, Map<String, Long>> drops = new HashMap<>();
    private final Map<String, Integer> logged = new HashMap<>();

    Watch(Driver driver, Agents agents, List<Place> nodes, Clock clock) {
        this.driver = driver;
        this.agents = agents;
        this.nodes = nodes;
        this.clock = clock;
    }

    /** Remembers how things are now. */
    void begin() {
        for (Place node : nodes) {
            drops.put(node.name(), agents.drops(node.name()));
            logged.put(node.name(), driver.logs(node.name()).size());
        }
    }

    /** Packets that policies stopped so far, on all nodes. */
    long stopped() {
        long sum = 0;
        for (Place node : nodes) {
            Map<String, Long> now = agents.drops(node.name());
            for (String reason : BY_POLICY) {
                sum += now.getOrDefault(reason, 0L);
            }
        }
        return sum;
    }

    /** The tests that always run, when all others are done. */
    List<Results.Test> end(Optional<Held> held) {
        List<Results.Test> tests = new ArrayList<>();
        tests.add(test("no-unexpected-packet-drops", this::unexpectedDrops));
        tests.add(test("no-interrupted-connections", () -> interrupted(held)));
        tests.add(test("check-log-errors", this::errors));
        return tests;
    }

    private Results.Test test(String name, java.util.function.Supplier<List<String>> problems) {
        Instant start = clock.instant();
        List<String> found = problems.get();
        return new Results.Test(name, List.of(), found, Duration.between(start, clock.instant()));
    }

    private List<String> unexpectedDrops() {
        List<String> problems = new ArrayList<>();
        for (Place node : nodes) {
            Map<String, Long> before = drops.getOrDefault(node.name(), Map.of());
            agents.drops(node.name()).forEach((reason, packets) -> {
                long more = packets - before.getOrDefault(reason, 0L);
                if (more > 0 && !BY_POLICY.contains(reason) && !USUAL.contains(reason)) {
                    problems.add("node " + node.name() + " dropped " + more + " packets: " + reason);
                }
            });
        }
        return problems;
    }

    private static List<String> interrupted(Optional<Held> held) {
        String problem = held.map(Held::end).orElse("no connection was kept (expected: one)");
        return problem.isEmpty() ? List.of() : List.of(problem);
    }

    private List<String> errors() {
        List<String> problems = new ArrayList<>();
        for (Place node : nodes) {
            List<String> lines = driver.logs(node.name());
            // a log that is shorter now was begun anew
            int from = Math.min(logged.getOrDefault(node.name(), 0), lines.size());
            lines.subList(from, lines.size()).stream()
                    .filter(line -> ERROR.matcher(line).find())
                    .limit(5)
                    .forEach(line -> problems.add("node " + node.name() + " logged: " + line));
        }
        return problems;
    }
}
