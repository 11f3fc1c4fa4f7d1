package io.fairlead.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * All competitors run at once, in namespaces of their own, and take turns: arguments are the prefix of namespaces, a scratch
 * directory, how many clients, route counts, rounds, and competitors. Runs in the namespace PREFIX-f-hub, where Fairlead's services are.
 */
public final class PeersBench {
    /** A cell that takes longer is not waited for. */
    private static final Duration LIMIT = Duration.ofSeconds(90);

    private final String prefix;
    private final Path directory;
    private final List<Integer> counts;
    private final int rounds;
    private final List<String> names;
    private final Report report = new Report();

    private PeersBench(String prefix, Path directory, List<Integer> counts, int rounds, List<String> names) {
        this.names = names;
        this.prefix = prefix;
        this.directory = directory;
        this.counts = counts;
        this.rounds = rounds;
    }

    /** Measures and prints the tables. */
    public static void main(String[] args) {
        PeersBench bench = new PeersBench(
                args[0], Path.of(args[1]), numbers(args[3]), Integer.parseInt(args[4]), List.of(args[5].split(",")));
        bench.run(Integer.parseInt(args[2]));
        bench.report.print(System.out);
        // channels and stores leave threads behind that have nothing to do any more
        System.exit(0);
    }

    private static List<Integer> numbers(String text) {
        return Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
    }

    private void run(int clients) {
        List<Competitor> all = new ArrayList<>();
        Map<String, Watcher> watchers = new TreeMap<>();
        try {
            for (Map.Entry<String, Supplier<Competitor>> maker : makers(clients).entrySet()) {
                if (!names.contains(maker.getKey())) {
                    continue;
                }
                Competitor made = maker.getValue().get();
                all.add(made);
                watchers.put(made.name(), new Watcher(made.network()));
                say("%s with %d clients is up", made.name(), clients);
            }
            for (int count : counts) {
                for (boolean eachItsOwn : new boolean[] {false, true}) {
                    bulk(all, watchers, new Routes(count, eachItsOwn));
                }
            }
            // of daemons that have been at work: the bulk before it is what a virtual machine compiles its code in
            for (int round = 0; round < Competitor.SINGLES; round++) {
                for (Competitor one : rotated(all, round)) {
                    single(one, watchers, clients, round);
                }
            }
            all.forEach(Competitor::withdrawSingles);
            all.forEach(one -> report.memory(one.name(), clients, one.megabytes()));
        } finally {
            watchers.values().forEach(Watcher::close);
            all.forEach(one -> {
                one.close();
                one.network().close();
            });
        }
    }

    private Map<String, Supplier<Competitor>> makers(int clients) {
        Path where = directory.resolve("k" + clients);
        return Map.of(
                "BIRD", () -> new BgpPeers(up("b", clients), where.resolve("bird"), Reflector.bird()),
                "FRR", () -> new BgpPeers(up("q", clients), where.resolve("frr"), new Frr()),
                "GoBGP", () -> new BgpPeers(up("g", clients), where.resolve("gobgp"), Reflector.gobgp()),
                "Fairlead", () -> new FairleadPeers(up("f", clients), where.resolve("fairlead")));
    }

    private Network up(String letter, int clients) {
        return new Network(prefix + "-" + letter, clients).up();
    }

    private void single(Competitor one, Map<String, Watcher> watchers, int clients, int round) {
        Watcher watcher = watchers.get(one.name());
        watcher.begin(true, 1);
        Competitor.Times times = one.announceSingle(round);
        OptionalLong done = watcher.done(LIMIT);
        if (done.isPresent()) {
            report.single(one.name(), clients, done.getAsLong() - times.durable(), times.durable() - times.begun());
        }
    }

    private void bulk(List<Competitor> all, Map<String, Watcher> watchers, Routes routes) {
        List<Competitor> racing = new ArrayList<>(all);
        all.forEach(one -> one.prepare(routes));
        for (int round = 0; round < rounds; round++) {
            for (Competitor one : rotated(all, round)) {
                if (racing.contains(one) && !race(one, watchers.get(one.name()), routes)) {
                    racing.remove(one);
                }
            }
        }
    }

    /** One announcement and its withdrawal; false when it is too slow to be asked again. */
    private boolean race(Competitor one, Watcher watcher, Routes routes) {
        int clients = one.network().clients();
        watcher.begin(true, routes.sampled());
        Competitor.Times times = one.announce();
        OptionalLong done = watcher.done(LIMIT);
        if (done.isEmpty()) {
            report.tooSlow(one.name(), clients, routes, LIMIT);
            say("%s %dx%d %s: more than %d s", one.name(), clients, routes.count(), routes.shape(), LIMIT.toSeconds());
        } else {
            check(one, routes);
            long took = done.getAsLong() - times.begun();
            report.bulk(one.name(), clients, routes, took, times.durable() - times.begun());
            say("%s %dx%d %s: %.0f ms", one.name(), clients, routes.count(), routes.shape(), took / 1e6);
        }
        watcher.begin(false, routes.sampled());
        Competitor.Times gone = one.withdraw();
        OptionalLong withdrawn = watcher.done(LIMIT.multipliedBy(4));
        withdrawn.ifPresent(end -> report.withdraw(one.name(), clients, routes, end - gone.begun()));
        Shell.until(one.name() + ": routes gone", LIMIT.multipliedBy(4), () -> count(one) == 0);
        return done.isPresent();
    }

    /** The watcher sees one route in 16: here all are counted. */
    private static void check(Competitor one, Routes routes) {
        Shell.until(
                one.name() + ": " + routes.count() + " routes in each kernel",
                LIMIT,
                () -> count(one) == routes.count() * one.network().clients());
    }

    private static int count(Competitor one) {
        int all = 0;
        for (int i = 0; i < one.network().clients(); i++) {
            all += one.network().routes(i);
        }
        return all;
    }

    private static List<Competitor> rotated(List<Competitor> all, int by) {
        List<Competitor> turned = new ArrayList<>(all);
        java.util.Collections.rotate(turned, by);
        return turned;
    }

    private static void say(String format, Object... values) {
        System.err.println(String.format(Locale.ROOT, format, values));
    }
}
