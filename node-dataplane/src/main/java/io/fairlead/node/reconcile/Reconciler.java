package io.fairlead.node.reconcile;

import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.policy.PolicyView;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
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
    private final Rounds rounds;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread worker = new Thread(task, "reconciler");
        worker.setDaemon(true);
        return worker;
    });
    private final Queue<Change> waiting = new ArrayDeque<>(); // guarded by: itself
    private final List<Consumer<Report>> listeners = new CopyOnWriteArrayList<>();
    private volatile Report report = Report.NONE;
    private boolean resyncWanted; // guarded by: waiting
    private boolean sweeping; // owned by: reconciler
    private long lookNanos; // guarded by: waiting
    private volatile long notBefore = System.nanoTime();

    private record Change(UnaryOperator<DesiredState> change, CompletableFuture<Report> done) {}

    public Reconciler(
            Map<TableId, KernelTable<?, ?>> tables, Translator translator, Reachability reachability, Ground ground) {
        this.translator = translator;
        this.rounds = new Rounds(new KernelWriter(new EnumMap<>(tables)), translator, reachability, ground);
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
        return rounds.state();
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
        return rounds.observed();
    }

    /** Reads the kernel's tables now, between two rounds, changing nothing. */
    public CompletableFuture<Tables> readKernel() {
        return CompletableFuture.supplyAsync(rounds::readKernel, thread);
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
     * A round in which more than routes changed costs as much as there is of some things, so after a long one as much time
     * is left for changes to gather: a thousand of them in a row take a few rounds. A change that comes by itself does not
     * wait, nor does one of routes.
     */
    private void runChanges() {
        long began = System.nanoTime();
        runRound();
        long ended = System.nanoTime();
        notBefore = rounds.wasShort() ? ended : ended + Math.min(ended - began, LONGEST_REST_NANOS);
    }

    private void runRound() {
        List<Change> batch;
        synchronized (waiting) {
            batch = new ArrayList<>(waiting);
            waiting.clear();
        }
        try {
            for (Change change : batch) {
                rounds.change(change.change());
            }
            rounds.run();
            tell();
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
            rounds.resync();
            tell();
        } catch (RuntimeException e) {
            LOGGER.atError().setCause(e).log("comparing the kernel failed; trying again at the next look");
            report = report.with("a look failed: " + e);
        }
        synchronized (waiting) {
            lookNanos = System.nanoTime() - began;
        }
    }

    /** A round is over. */
    private void tell() {
        report = rounds.report();
        rounds.leftToSweep().ifPresent(this::sweepSoon);
        listeners.forEach(listener -> listener.accept(report));
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
                        rounds.sweep(upTo);
                        tell();
                    } catch (RuntimeException e) {
                        LOGGER.atError().setCause(e).log("sweeping failed; trying again after the next round");
                        report = report.with("a round failed: " + e);
                    }
                },
                SWEEP_NANOS,
                TimeUnit.NANOSECONDS);
    }
}
