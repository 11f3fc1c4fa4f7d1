package io.fairlead.bench.limits;

import io.fairlead.bench.scale.Quantiles;
import io.fairlead.bench.scale.Report;
import io.fairlead.bench.scale.Service;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Arguments: a directory for logs, rounds, up to how many identities cost is looked at, up to how many nodes. Runs etcd and
 * the services on loopback; all of it ends with it.
 */
public final class LimitsBench {
    private static final int[] AT_ONCE = {1, 16, 64, 256};
    private static final int[] COUNTS = {150, 600, 1_200, 1_200};
    private static final int WARM_UP = 2_000;
    private static final int CONNECTIONS = 16;
    private static final int SAMPLES = 300;
    private static final int FILLING = 128;

    private final Report report = new Report(System.out);
    private final Path directory;
    private final int rounds;

    private LimitsBench(Path directory, int rounds) {
        this.directory = directory;
        this.rounds = rounds;
    }

    /** Prints Markdown. */
    public static void main(String[] args) {
        LimitsBench bench = new LimitsBench(Path.of(args[0]), Integer.parseInt(args[1]));
        int identities = Integer.parseInt(args[2]);
        int nodes = Integer.parseInt(args[3]);
        for (Service.Kind kind : List.of(Service.Kind.IDENTITIES, Service.Kind.ADDRESSES)) {
            bench.with(kind, bench::rates);
            int most = kind == Service.Kind.IDENTITIES ? identities : nodes;
            bench.with(kind, (store, subject) -> bench.flat(store, subject, most));
        }
    }

    /** What is done with a fresh store and service. */
    @FunctionalInterface
    private interface Step {
        void run(KvStore store, Subject subject);
    }

    private void with(Service.Kind kind, Step step) {
        boolean identities = kind == Service.Kind.IDENTITIES;
        String[] options = identities ? new String[0] : new String[] {"--cluster-pool-ipv4-cidr=10.0.0.0/8"};
        try (EtcdProcess etcd = EtcdProcess.start();
                KvStore store =
                        new EtcdKvStore(EtcdOptions.parse(etcd.endpoint()).withDeadline(Duration.ofSeconds(20)));
                Service service = new Service(kind, Service.Launcher.DEPLOYED, directory, etcd.endpoint(), options)) {
            service.start();
            service.awaitReady();
            try (Subject subject =
                    identities ? new Identities(service.port(), CONNECTIONS) : new Nodes(service.port(), CONNECTIONS)) {
                step.run(store, subject);
            }
        }
    }

    private void rates(KvStore store, Subject subject) {
        Report.progress("rates of " + subject.name());
        var warm = ClosedLoop.run(subject::allocate, 0, WARM_UP, 64);
        RawTransactions raw = new RawTransactions(store, subject.reads(), subject.observed(store, WARM_UP));
        var rawWarm = ClosedLoop.run(raw::run, 0, WARM_UP, 64);
        assert warm.rate() > 0 && rawWarm.rate() > 0;
        double[][] ours = new double[AT_ONCE.length][rounds];
        double[][] etcds = new double[AT_ONCE.length][rounds];
        double[][] ratios = new double[AT_ONCE.length][rounds];
        int next = WARM_UP + 1;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < AT_ONCE.length; i++) {
                // each is first in half of the rounds
                if (round % 2 == 0) {
                    ours[i][round] = ClosedLoop.run(subject::allocate, next, COUNTS[i], AT_ONCE[i])
                            .rate();
                }
                etcds[i][round] =
                        ClosedLoop.run(raw::run, next, COUNTS[i], AT_ONCE[i]).rate();
                if (round % 2 == 1) {
                    ours[i][round] = ClosedLoop.run(subject::allocate, next, COUNTS[i], AT_ONCE[i])
                            .rate();
                }
                ratios[i][round] = ours[i][round] / etcds[i][round];
                next += COUNTS[i];
            }
        }
        report.table(
                subject.name() + " at once",
                "allocated a second",
                "etcd alone (" + raw.shape() + ")",
                "ratio (aim ≥ 0.8)");
        for (int i = 0; i < AT_ONCE.length; i++) {
            report.row(
                    AT_ONCE[i],
                    text("%.0f", Quantiles.median(ours[i])),
                    text("%.0f", Quantiles.median(etcds[i])),
                    text("%.2f", Quantiles.median(ratios[i])));
        }
    }

    private void flat(KvStore store, Subject subject, int most) {
        Report.progress("cost of " + subject.name() + " up to " + most);
        report.table(
                subject.name() + " present",
                "one at a time: ms p50 / p99 / max",
                "a second, 64 at once",
                "etcd alone, one at a time: ms p50 / p99 / max");
        var warm = ClosedLoop.run(subject::allocate, 0, 999, 64);
        RawTransactions raw = new RawTransactions(store, subject.reads(), subject.observed(store, 999));
        var rawWarm = ClosedLoop.run(raw::run, 0, 999, 64);
        assert warm.rate() > 0 && rawWarm.rate() > 0;
        int present = 1_000;
        for (int target : new int[] {1_000, most / 3, most}) {
            if (target > present) {
                ClosedLoop.Result filled = ClosedLoop.run(subject::allocate, present, target - present, FILLING);
                assert filled.rate() > 0;
                present = target;
            }
            ClosedLoop.Result single = ClosedLoop.run(subject::allocate, present, SAMPLES, 1);
            ClosedLoop.Result etcd = ClosedLoop.run(raw::run, present, SAMPLES, 1);
            ClosedLoop.Result many = ClosedLoop.run(subject::allocate, present + SAMPLES, 3 * SAMPLES, 64);
            report.row(
                    present,
                    single.latencies().text(),
                    text("%.0f", many.rate()),
                    etcd.latencies().text());
            present += 4 * SAMPLES;
        }
    }

    private static String text(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
