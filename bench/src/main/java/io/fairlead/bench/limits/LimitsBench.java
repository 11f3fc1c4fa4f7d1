package io.fairlead.bench.limits;

import io.fairlead.bench.scale.Report;
import io.fairlead.bench.scale.Service;
import io.fairlead.kvstore.KeyValue;
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
    private static final int WARM_UP = 8_000;
    private static final int CONNECTIONS = 16;
    private static final int SAMPLES = 300;
    private static final int SINGLE = 1_000;
    private static final int FILLING = 128;
    private static final int OTHERS = 50_000_000;

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
            bench.with(kind, (place, subject) -> bench.flat(place, subject, most));
        }
    }

    /** What is done with a fresh store and service. */
    @FunctionalInterface
    private interface Step {
        void run(Place place, Subject subject);
    }

    /**
     * What runs.
     *
     * @param store sends each transaction by itself
     * @param grouping sends those that wait for others together, as services do
     */
    private record Place(KvStore store, KvStore grouping, Service service) {}

    private void with(Service.Kind kind, Step step) {
        boolean identities = kind == Service.Kind.IDENTITIES;
        String[] options = identities ? new String[0] : new String[] {"--cluster-pool-ipv4-cidr=10.0.0.0/8"};
        try (EtcdProcess etcd = EtcdProcess.start();
                KvStore grouping = new EtcdKvStore(options(etcd));
                KvStore store = new EtcdKvStore(options(etcd).withoutGrouping());
                Service service = new Service(kind, Service.Launcher.DEPLOYED, directory, etcd.endpoint(), options)) {
            service.start();
            service.awaitReady();
            try (Subject subject =
                    identities ? new Identities(service.port(), CONNECTIONS) : new Nodes(service.port(), CONNECTIONS)) {
                step.run(new Place(store, grouping, service), subject);
            }
        }
    }

    private void rates(Place place, Subject subject) {
        Report.progress("rates of " + subject.name());
        var warm = ClosedLoop.run(subject::allocate, 0, WARM_UP, 64);
        Subject.Guards guards = subject.guards();
        List<KeyValue> pattern = subject.observed(place.store, WARM_UP);
        RawTransactions raw = new RawTransactions(place.store, guards, pattern);
        RawTransactions grouped = new RawTransactions(place.grouping, guards, pattern);
        var rawWarm = ClosedLoop.run(raw::run, 0, WARM_UP, 64);
        var groupedWarm = ClosedLoop.run(grouped::run, WARM_UP, WARM_UP, 64);
        assert warm.rate() > 0 && rawWarm.rate() > 0 && groupedWarm.rate() > 0;
        Rates.Cpu cpu = place.service::cpuSeconds;
        Rates.quiet(cpu);
        // one at a time runs through code of its own
        var single = ClosedLoop.run(subject::allocate, WARM_UP + 1, SINGLE, 1);
        var rawSingle = ClosedLoop.run(raw::run, WARM_UP + 1, SINGLE, 1);
        assert single.rate() > 0 && rawSingle.rate() > 0;
        Rates rates = new Rates(
                List.of(
                        new Rates.Way(subject::allocate, cpu),
                        new Rates.Way(raw::run, cpu),
                        // what the other raw one has written is not there for this one
                        new Rates.Way(number -> grouped.run(OTHERS + number), cpu)),
                rounds);
        rates.run(WARM_UP + SINGLE + 1);
        rates.print(
                report,
                subject.name(),
                List.of("etcd alone (aim ≥ 0.8; " + raw.shape() + ")", "etcd alone, grouped as the service does"));
    }

    private void flat(Place place, Subject subject, int most) {
        Report.progress("cost of " + subject.name() + " up to " + most);
        report.table(
                subject.name() + " present",
                "one at a time: ms p50 / p99 / max",
                "a second, 64 at once",
                "etcd alone, one at a time: ms p50 / p99 / max");
        var warm = ClosedLoop.run(subject::allocate, 0, 999, 64);
        RawTransactions raw = new RawTransactions(place.store, subject.guards(), subject.observed(place.store, 999));
        var rawWarm = ClosedLoop.run(raw::run, 0, 999, 64);
        assert warm.rate() > 0 && rawWarm.rate() > 0;
        int present = 1_000;
        for (int target : new int[] {1_000, most / 3, most}) {
            if (target > present) {
                ClosedLoop.Result filled = ClosedLoop.run(subject::allocate, present, target - present, FILLING);
                assert filled.rate() > 0;
                present = target;
            }
            Rates.quiet(place.service::cpuSeconds);
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

    private static EtcdOptions options(EtcdProcess etcd) {
        return EtcdOptions.parse(etcd.endpoint()).withDeadline(Duration.ofSeconds(20));
    }

    private static String text(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
