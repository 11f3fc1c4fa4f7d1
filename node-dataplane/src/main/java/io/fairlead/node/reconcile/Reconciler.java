package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.policy.PolicySwitch;
import io.fairlead.node.policy.PolicyView;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the kernel hold what is desired, and keeps it so.
 *
 * <p>Changes are carried out at once, several that wait as one. At intervals, and when told that something moved, the
 * kernel is read in full and what differs is put right.
 */
public final class Reconciler implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Reconciler.class);

    private static final long SHORTEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    /** Far longer than a packet is in a program. */
    private static final long LONGEST_REST_NANOS = 50_000_000;

    private static final long SWEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final Translator translator;
    private final Reachability reachability;
    private final Ground ground;
    private final KernelWriter writer;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread worker = new Thread(task, "reconciler");
        worker.setDaemon(true);
        return worker;
    });
    private final Queue<Change> waiting = new ArrayDeque<>(); // guarded by: itself
    private final List<Consumer<Report>> listeners = new CopyOnWriteArrayList<>();
    private volatile DesiredState state = DesiredState.NOTHING;
    private volatile Report report = Report.NONE;
    private boolean resyncWanted; // guarded by: waiting
    private boolean loaded; // owned by: reconciler
    private boolean sweeping; // owned by: reconciler
    private boolean settled; // owned by: reconciler
    private long repaired; // owned by: reconciler
    private long lookNanos; // guarded by: waiting
    private volatile long notBefore = System.nanoTime();
    private Tables wantedBefore = Tables.EMPTY; // owned by: reconciler
    private List<String> problems = List.of(); // owned by: reconciler
    private Set<Cidr> skipped = Set.of(); // owned by: reconciler
    private Optional<Instant> lastResync = Optional.empty(); // owned by: reconciler

    private record Change(UnaryOperator<DesiredState> change, CompletableFuture<Report> done) {}

    public Reconciler(
            Map<TableId, KernelTable<?, ?>> tables, Translator translator, Reachability reachability, Ground ground) {
        this.translator = translator;
        this.reachability = reachability;
        this.ground = ground;
        this.writer = new KernelWriter(new EnumMap<>(tables));
    }

    /** Starts the looks at intervals. */
    public void start(Duration interval) {
        var unused = thread.scheduleWithFixedDelay(this::resyncSafely, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Changes what is desired.
     *
     * @return completes with how things stand once the kernel holds it, as far as it let itself be written
     */
    public CompletableFuture<Report> update(UnaryOperator<DesiredState> change) {
        CompletableFuture<Report> done = new CompletableFuture<>();
        synchronized (waiting) {
            waiting.add(new Change(change, done));
            if (waiting.size() > 1) {
                return done;
            }
        }
        var unused =
                thread.schedule(this::runChanges, Math.max(0, notBefore - System.nanoTime()), TimeUnit.NANOSECONDS);
        return done;
    }

    /** Asks for a full look soon: something moved in the kernel, or an answer was lost. */
    public void resyncSoon() {
        long delay;
        synchronized (waiting) {
            if (resyncWanted) {
                return;
            }
            resyncWanted = true;
            // a moment, so that a burst of notifications is one look; longer where a look is long, so that somebody who
            // never stops changing routes costs no more than a part of a processor
            delay = Math.min(Math.max(SHORTEST_NANOS, 5 * lookNanos), LONGEST_NANOS);
        }
        var unused = thread.schedule(this::resyncSafely, delay, TimeUnit.NANOSECONDS);
    }

    /** Tells a listener how things stand after each round, on the reconciler's thread. */
    public void onReport(Consumer<Report> listener) {
        listeners.add(listener);
    }

    /** How policies stand. */
    public PolicyView policies() {
        return translator.policies().view();
    }

    /** What is desired now. */
    public DesiredState state() {
        return state;
    }

    /** Devices towards other nodes as last seen, index by name. */
    public Map<String, Integer> nativeDevices() {
        return translator.nativeDevices();
    }

    /** How things stand. */
    public Report report() {
        return report;
    }

    /** What the kernel holds, as last read or written. */
    public Tables observed() {
        return writer.observed();
    }

    /** Reads the kernel's tables now, between two rounds, changing nothing. */
    public CompletableFuture<Tables> readKernel() {
        return CompletableFuture.supplyAsync(writer::read, thread);
    }

    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /**
     * A round costs as much as there is in the tables, so after a long one as much time is left for changes to gather: a
     * thousand of them in a row take a few rounds. A change that comes by itself does not wait.
     */
    private void runChanges() {
        long began = System.nanoTime();
        runRound();
        long ended = System.nanoTime();
        notBefore = ended + Math.min(ended - began, LONGEST_REST_NANOS);
    }

    private void runRound() {
        List<Change> batch;
        synchronized (waiting) {
            batch = new ArrayList<>(waiting);
            waiting.clear();
        }
        try {
            for (Change change : batch) {
                state = change.change().apply(state);
            }
            if (!loaded) {
                resync();
            } else {
                apply(false);
            }
            batch.forEach(change -> change.done().complete(report));
        } catch (RuntimeException e) {
            LOGGER.atError().setCause(e).log("reconciling failed; trying again at the next look");
            report = report.with("a round failed: " + e);
            batch.forEach(change -> change.done().completeExceptionally(e));
        }
    }

    private void resyncSafely() {
        synchronized (waiting) {
            resyncWanted = false;
        }
        long began = System.nanoTime();
        try {
            resync();
        } catch (RuntimeException e) {
            LOGGER.atError().setCause(e).log("comparing the kernel failed; trying again at the next look");
            report = report.with("a look failed: " + e);
        }
        synchronized (waiting) {
            lookNanos = System.nanoTime() - began;
        }
    }

    private void resync() {
        lookAtGround();
        reachability.refresh();
        writer.load();
        loaded = true;
        lastResync = Optional.of(Instant.now());
        apply(true);
    }

    private void lookAtGround() {
        Ground.Look look = ground.look(state);
        translator.use(look.nativeDevices());
        if (!look.hostAddresses().equals(state.hostAddresses())) {
            state = state.withHostAddresses(look.hostAddresses());
        }
        if (settled && look.repaired() > 0) {
            repaired += look.repaired();
            LOGGER.atWarn()
                    .addKeyValue("entries", look.repaired())
                    .log("devices or their settings differed from what was made; put right");
        }
        if (!look.problems().isEmpty() && !look.problems().equals(problems)) {
            LOGGER.atError()
                    .addKeyValue("problems", look.problems())
                    .log("devices of the node are not as they should be");
        }
        problems = look.problems();
    }

    /** One round: translate, plan, write. */
    private void apply(boolean retryFailed) {
        PolicySwitch policies = translator.policies();
        Tables observed = writer.observed();
        policies.prepare(state, observed.inKernel(), retryFailed);
        Tables first = observed.with(TableId.POLICIES, policies.entries());
        List<KernelOp> entries = Planner.planPolicies(first, observed, state.complete());
        if (retryFailed) {
            countRepairs(entries, first);
        }
        writer.write(entries, retryFailed);
        policies.settle(writer.observed().policies(), writer.failures().getOrDefault(TableId.POLICIES, Map.of()));
        observed = writer.observed();
        Translator.Translation wanted = translator.translate(state, observed.nextHops(), reachability);
        List<KernelOp> plan = Planner.plan(wanted.tables(), observed, state.complete());
        if (retryFailed) {
            countRepairs(plan, wanted.tables());
        }
        wantedBefore = wanted.tables();
        writer.write(plan, false);
        writer.adopt(wanted.tables());
        settled = writer.failures().isEmpty();
        report = new Report(
                RouteFailures.explained(writer.failures(), wanted.tables()),
                wanted.refused(),
                policies.errors(),
                writer.unreadable(),
                repaired,
                problems,
                lastResync,
                wanted.skipped());
        tellSkipped(wanted.skipped());
        policies.finish(writer.observed().inKernel()).ifPresent(this::sweepSoon);
        listeners.forEach(listener -> listener.accept(report));
    }

    private void tellSkipped(Map<Cidr, String> now) {
        if (!now.keySet().equals(skipped)) {
            LOGGER.atInfo()
                    .addKeyValue("cidrs", now.size())
                    .addKeyValue(
                            "reasons", now.values().stream().distinct().limit(5).toList())
                    .log("routes to nodes on other networks are left to the router");
            skipped = Set.copyOf(now.keySet());
        }
    }

    /** Has what the round left for packets on their way removed, when they are surely through the programs. */
    private void sweepSoon(long upTo) {
        if (sweeping) {
            return;
        }
        sweeping = true;
        var unused = thread.schedule(
                () -> {
                    sweeping = false;
                    try {
                        translator.policies().sweep(upTo);
                        apply(false);
                    } catch (RuntimeException e) {
                        LOGGER.atError().setCause(e).log("sweeping failed; trying again after the next round");
                        report = report.with("a round failed: " + e);
                    }
                },
                SWEEP_NANOS,
                TimeUnit.NANOSECONDS);
    }

    /** What a full look finds to do where everything had been done and is wanted as before was altered by somebody else. */
    private void countRepairs(List<KernelOp> plan, Tables wanted) {
        if (!settled) {
            return;
        }
        for (KernelOp op : plan) {
            boolean unread = writer.unreadable().containsKey(op.table());
            if (unread || !wanted.get(op.table()).equals(wantedBefore.get(op.table()))) {
                continue;
            }
            repaired += op.size();
            LOGGER.atWarn()
                    .addKeyValue("table", op.table().label())
                    .addKeyValue("entries", op.size())
                    .log("kernel state differs from what was written; putting it right");
        }
    }
}
