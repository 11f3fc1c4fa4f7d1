package io.fairlead.bench.limits;

import io.fairlead.bench.scale.Quantiles;
import io.fairlead.bench.scale.Report;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** Allocations a second through a service and straight to etcd, at several numbers at once, in turn. */
final class Rates {
    private static final int[] AT_ONCE = {1, 16, 64, 256};
    private static final int[] COUNTS = {300, 1_200, 2_400, 2_400};

    private static final int WAIT_MILLIS = 250;
    private static final int MOST_WAITS = 80;
    /** Share of a CPU that a service uses when it does nothing. */
    private static final double QUIET = 0.08;

    private final List<Way> ways;
    private final double[][][] rates;
    private final double[][][] cpu;
    private final int rounds;

    /**
     * A way to allocate.
     *
     * @param run does it for one number
     * @param process whose CPU time is looked at, in seconds
     */
    record Way(IntFunction<Future<?>> run, Cpu process) {}

    /** CPU seconds a process has used. */
    @FunctionalInterface
    interface Cpu {
        double seconds();
    }

    /** The first way is compared with the others. */
    Rates(List<Way> ways, int rounds) {
        this.ways = List.copyOf(ways);
        this.rounds = rounds;
        this.rates = new double[ways.size()][AT_ONCE.length][rounds];
        this.cpu = new double[ways.size()][AT_ONCE.length][rounds];
    }

    /** Runs all rounds, from this number on. */
    void run(int from) {
        int next = from;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < AT_ONCE.length; i++) {
                for (int turn = 0; turn < ways.size(); turn++) {
                    // each is first as often as the others
                    one((turn + round) % ways.size(), i, round, next);
                }
                next += COUNTS[i];
            }
        }
    }

    private void one(int way, int i, int round, int next) {
        Way which = ways.get(way);
        quiet(which.process);
        double before = which.process.seconds();
        rates[way][i][round] =
                ClosedLoop.run(which.run, next, COUNTS[i], AT_ONCE[i]).rate();
        cpu[way][i][round] = 1e6 * (which.process.seconds() - before) / COUNTS[i];
    }

    /** Waits until the virtual machine of a service has compiled what it was about to, but not for ever. */
    static void quiet(Cpu process) {
        double before = process.seconds();
        for (int i = 0; i < MOST_WAITS; i++) {
            try {
                Thread.sleep(WAIT_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
            double now = process.seconds();
            if (now - before <= QUIET * WAIT_MILLIS / 1e3) {
                return;
            }
            before = now;
        }
    }

    /** One row for each number at once: the rates, their ratios, CPU time. */
    void print(Report report, String subject, List<String> others) {
        List<String> columns = new ArrayList<>(List.of(subject + " at once", "allocated a second"));
        for (String other : others) {
            columns.add(other);
            columns.add("ratio");
        }
        columns.add("CPU µs of the service for one");
        report.table(columns.toArray(String[]::new));
        for (int i = 0; i < AT_ONCE.length; i++) {
            List<Object> cells = new ArrayList<>(List.of(AT_ONCE[i], text("%.0f", Quantiles.median(rates[0][i]))));
            for (int way = 1; way < ways.size(); way++) {
                double[] ratios = new double[rounds];
                for (int round = 0; round < rounds; round++) {
                    ratios[round] = rates[0][i][round] / rates[way][i][round];
                }
                cells.add(text("%.0f", Quantiles.median(rates[way][i])));
                cells.add(text("%.2f", Quantiles.median(ratios)));
            }
            cells.add(text("%.0f", Quantiles.median(cpu[0][i])));
            report.row(cells.toArray());
        }
    }

    private static String text(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
