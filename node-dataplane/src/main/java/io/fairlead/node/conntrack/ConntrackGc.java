package io.fairlead.node.conntrack;

import io.fairlead.node.kernel.ConnectionTable;
import io.fairlead.node.kernel.FlowTable;
import io.fairlead.node.kernel.Sweep;
import io.fairlead.node.kernel.TranslationTable;
import io.fairlead.node.kernel.bpf.DatapathConfig.Lifetimes;
import io.fairlead.node.status.Controller;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Timers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes connections that expired and translations that nobody uses, at an interval that follows what it finds; at once
 * when it is asked to or a table is nearly full. Everything happens on the thread of the timers.
 */
public final class ConntrackGc implements AutoCloseable {
    /** Name of its controller. */
    public static final String NAME = "ct-gc";

    private static final Logger LOGGER = LoggerFactory.getLogger(ConntrackGc.class);
    private static final double NEARLY_FULL = 0.9;
    // The programs read a clock that is behind by up to a tick, at most 10 ms.
    private static final long BEHIND = 20_000_000;

    private final ConntrackTables tables;
    private final Lifetimes lifetimes;
    private final Pace pace;
    private final Timers timers;
    private final Controller controller;
    private final Backoff backoff;
    private final AtomicBoolean requested = new AtomicBoolean();
    private volatile boolean closed;
    private volatile GcCounts counts;

    // All owned by: the thread of the timers.
    private Duration interval;
    private long lastPass;
    // How long a nearly full table has to wait when passes do not help it.
    private Duration relief = Duration.ZERO;
    private Duration retry = Duration.ZERO;

    /**
     * @param lifetimes those the programs were loaded with
     * @param timers whose time is CLOCK_MONOTONIC: {@link OwnThread}, which the caller closes after this
     */
    public ConntrackGc(ConntrackTables tables, Lifetimes lifetimes, Pace pace, Timers timers, Controller controller) {
        this.tables = tables;
        this.lifetimes = lifetimes;
        this.pace = pace;
        this.timers = timers;
        this.controller = controller;
        backoff = new Backoff(pace.min(), pace.start(), RandomGenerator.getDefault());
        interval = pace.start();
        lastPass = timers.nanoTime();
        counts = new GcCounts(0, interval, Duration.ZERO, Map.of());
    }

    /** Begins; the first pass comes after the first interval. Called once. */
    public void start() {
        timers.after(pace.min(), this::tick);
    }

    /** Has a pass made as soon as the thread is free, whatever the interval. Any thread. */
    public void request() {
        requested.set(true);
        timers.after(Duration.ZERO, this::look);
    }

    /** What it has done. Any thread. */
    public GcCounts counts() {
        return counts;
    }

    /** Begins no pass any more. Any thread. */
    @Override
    public void close() {
        closed = true;
    }

    private void tick() {
        look();
        if (!closed) {
            timers.after(pace.min(), this::tick);
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        try {
            Duration waited = Duration.ofNanos(timers.nanoTime() - lastPass);
            boolean asked = requested.getAndSet(false);
            boolean failing = !retry.isZero();
            Duration wait = failing ? retry : interval;
            if (asked || waited.compareTo(wait) >= 0) {
                pass(false);
            } else if (!failing && waited.compareTo(relief) >= 0 && isAnyNearlyFull()) {
                pass(true);
            }
        } catch (RuntimeException e) {
            // Whatever it is, the next pass may go well, and nobody else would say that this did not.
            lastPass = timers.nanoTime();
            retry = backoff.next();
            controller.failed(String.valueOf(e.getMessage()));
        }
    }

    private boolean isAnyNearlyFull() {
        return tables.connections().stream().anyMatch(ConntrackGc::isNearlyFull)
                || tables.translations().stream().anyMatch(ConntrackGc::isNearlyFull);
    }

    private static boolean isNearlyFull(FlowTable table) {
        return table.filled() > NEARLY_FULL;
    }

    private void pass(boolean pressed) {
        long begin = timers.nanoTime();
        Map<FlowTable, Sweep> sweeps = new LinkedHashMap<>();
        // Translations first: they are judged by connections that expired, which are still there.
        long now = begin - BEHIND;
        NatSweep nat = new NatSweep(tables, lifetimes, now);
        for (TranslationTable table : tables.translations()) {
            sweeps.put(table, nat.run(table));
        }
        for (ConnectionTable table : tables.connections()) {
            sweeps.put(table, table.sweep(now));
        }
        lastPass = timers.nanoTime();
        double share = sweeps.values().stream().mapToDouble(Sweep::share).max().orElse(0);
        interval = pace.next(interval, share);
        relief = pressed && pace.isLittle(share) ? longer(relief) : Duration.ZERO;
        retry = Duration.ZERO;
        backoff.reset();
        count(sweeps, Duration.ofNanos(lastPass - begin));
        controller.succeeded();
    }

    /** Passes that do not help a full table become rarer, up to the longest interval. */
    private Duration longer(Duration before) {
        Duration twice = before.isZero() ? pace.min().multipliedBy(2) : before.multipliedBy(2);
        return twice.compareTo(pace.max()) > 0 ? pace.max() : twice;
    }

    private void count(Map<FlowTable, Sweep> sweeps, Duration took) {
        Map<String, GcCounts.Table> byName = new LinkedHashMap<>();
        sweeps.forEach((table, sweep) -> {
            GcCounts.Table before =
                    counts.tables().getOrDefault(table.name(), new GcCounts.Table(0, table.capacity(), 0, 0));
            byName.put(
                    table.name(),
                    new GcCounts.Table(
                            sweep.scanned() - sweep.deleted(),
                            table.capacity(),
                            before.scanned() + sweep.scanned(),
                            before.deleted() + sweep.deleted()));
        });
        counts = new GcCounts(counts.passes() + 1, interval, took, byName);
        LOGGER.atDebug()
                .addKeyValue("took", took)
                .addKeyValue("next", interval)
                .addKeyValue("tables", byName)
                .log("connections and translations gone through");
    }
}
