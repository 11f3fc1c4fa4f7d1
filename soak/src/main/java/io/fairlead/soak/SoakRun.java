package io.fairlead.soak;

import io.fairlead.soak.check.Invariant;
import io.fairlead.soak.check.Violation;
import io.fairlead.soak.client.Dictionary;
import io.fairlead.soak.client.Services;
import io.fairlead.soak.client.SimulatedNode;
import io.fairlead.soak.cluster.SoakCluster;
import io.fairlead.soak.fault.Deck;
import io.fairlead.soak.fault.Fault;
import io.fairlead.soak.fault.FaultKind;
import io.fairlead.soak.fault.Faults;
import io.fairlead.soak.history.History;
import io.fairlead.soak.workload.Workload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** One run: rounds of faults under work, each followed by a check of everything. */
final class SoakRun implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final Duration RECOVERY = Duration.ofSeconds(90);
    private static final int REPLICAS = 2;
    private static final int SHORTEST_FAULT_MS = 1_000;
    private static final int LONGEST_FAULT_MS = 8_000;

    private final SoakOptions options;
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(1, task -> {
        Thread thread = new Thread(task, "clock");
        thread.setDaemon(true);
        return thread;
    });
    private final Random random;
    private final History history;
    private final SoakCluster cluster;
    private final Services services;
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final Checker checker;
    private final Workload workload;
    private final Trials trials;
    private final Report report;

    SoakRun(SoakOptions options, Consumer<String> out) {
        this.options = options;
        this.random = new Random(options.seed());
        this.history = new History();
        this.report = new Report(options, history, out);
        report.begin();
        this.cluster = new SoakCluster(options.directory(), REPLICAS);
        this.services = cluster.services(clock);
        Dictionary dictionary = new Dictionary();
        for (int i = 0; i < options.nodes(); i++) {
            nodes.add(new SimulatedNode("n" + i, "172.20.0." + (10 + i), i, services, dictionary));
        }
        this.checker = new Checker(cluster.store(), history, nodes);
        nodes.forEach(SimulatedNode::streamRoutes);
        nodes.forEach(SimulatedNode::streamIdentities);
        SimulatedNode admin = new SimulatedNode("admin", "172.20.0.9", 0, services, dictionary);
        this.workload = new Workload(nodes, admin, history, options.seed());
        this.trials = new Trials(cluster, checker, history, random);
    }

    /** Runs all rounds; false when something did not hold. */
    boolean run() throws IOException {
        report.ready();
        long end = history.now() + options.duration().toNanos();
        Deck deck = new Deck(random);
        LockSupport.parkNanos(2_000_000_000L);
        for (int round = 1; round == 1 || history.now() < end; round++) {
            List<FaultKind> kinds = deck.next();
            boolean goesOn = round(round, kinds);
            Throwable broken = workload.broken();
            if (broken != null) {
                throw new IllegalStateException("workload: " + broken, broken);
            }
            if (!goesOn) {
                break;
            }
        }
        workload.gate().close();
        report.end(checker.found());
        return checker.found().isEmpty();
    }

    /** One round; false when the cluster did not come back, so that there is no sense in another. */
    private boolean round(int number, List<FaultKind> kinds) throws IOException {
        long began = history.now();
        String text = switch (kinds.get(0)) {
            case NO_SPACE -> "etcd without space: " + trials.noSpace();
            case CORRUPT -> {
                quiet();
                yield "corrupt values: " + trials.corrupt();
            }
            default -> faults(kinds);
        };
        workload.gate().close();
        boolean ready = cluster.awaitReady(RECOVERY);
        long healed = history.now();
        if (!ready) {
            checker.report(new Violation(
                    Invariant.RECOVERS,
                    "round " + number + ": not ready 90 s after healing: " + cluster.lacking()
                            + " (expected: everything)",
                    "",
                    healed));
            report.round(number, text, began, -1);
            return false;
        }
        quiet();
        // while requests are on their way the store still changes, so the limit begins after the last
        long since = Math.max(healed, history.now());
        checker.catchUp();
        long took = checker.awaitTables(since, LIMIT);
        checker.check();
        report.round(number, text, began, took);
        report.violations(checker.found());
        cluster.store().compact(checker.seen());
        workload.gate().open();
        LockSupport.parkNanos(1_000_000L * random.nextInt(300, 1500));
        return took >= 0;
    }

    /** Faults for a while, sometimes with a compaction in the middle, healed under work or after it. */
    private String faults(List<FaultKind> kinds) throws IOException {
        Faults make = new Faults(cluster, random);
        List<Fault> all = kinds.stream().map(make::of).toList();
        int hold = random.nextInt(SHORTEST_FAULT_MS, LONGEST_FAULT_MS);
        boolean compact = random.nextBoolean();
        boolean busy = random.nextBoolean();
        String text = all.stream().map(Fault::text).collect(Collectors.joining(" + ")) + ", " + hold + " ms"
                + (compact ? ", compaction" : "") + (busy ? ", healed under work" : "");
        report.starts(text);
        all.forEach(fault -> fault.begin().run());
        LockSupport.parkNanos(hold * 500_000L);
        if (compact) {
            compact();
        }
        LockSupport.parkNanos(hold * 500_000L);
        if (!busy) {
            workload.gate().close();
        }
        for (int i = all.size() - 1; i >= 0; i--) {
            all.get(i).heal().run();
        }
        if (busy) {
            LockSupport.parkNanos(2_000_000_000L);
        }
        return text;
    }

    private void compact() {
        try {
            cluster.store().compact(checker.seen());
        } catch (IOException e) {
            // no quorum right now: then there is no compaction in this round
            report.note("no compaction: " + e.getMessage());
        }
    }

    /** Nobody asks anything any more, and everybody has an answer or has given up. */
    private void quiet() {
        workload.gate().close();
        while (history.open() > 0) {
            LockSupport.parkNanos(10_000_000);
        }
    }

    @Override
    public void close() {
        workload.close();
        nodes.forEach(SimulatedNode::close);
        checker.close();
        services.close();
        clock.shutdownNow();
        cluster.close();
    }
}
