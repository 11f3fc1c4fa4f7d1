package io.fairlead.bench.scale;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import io.fairlead.proto.route.v1.StreamRoutesRequest;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** What is measured of the route-distributor with nodes connected to it. */
final class RoutePhases {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int CHURN_PAUSE_MS = 10;

    private final KvStore store;
    private final Service distributor;
    private final Content content;
    private final Report report;
    // generation of each node's record that is not the first. owned by: the benchmark's thread
    private final Map<Integer, Integer> generations = new HashMap<>();
    private int singles;
    private int churned;

    RoutePhases(KvStore store, Service distributor, Content content, Report report) {
        this.store = store;
        this.distributor = distributor;
        this.content = content;
        this.report = report;
    }

    /** Lets one new node after the other get everything. */
    void fullSync(int rounds) {
        double first = oneSync(-1);
        double[] warm = IntStream.range(0, rounds).mapToDouble(this::oneSync).toArray();
        Arrays.sort(warm);
        report.row(
                "full sync of " + content.nodes() + " routes to one new node, first of a fresh process",
                ms(first),
                "–");
        report.row(
                "the same, median / max of " + rounds + " after it",
                ms(Quantiles.median(warm)) + " / " + ms(warm[warm.length - 1]),
                Report.aim(Quantiles.median(warm), "ms", 50));
    }

    /** From subscribing on a connection that is there until everything has been read. */
    private double oneSync(int number) {
        try (Fleet<StreamRoutesRequest> one =
                new Fleet<>(Protocol.ROUTES, distributor.port(), "probe" + number + "x", 2, 1)) {
            if (number >= 0) {
                // opens the connection
                one.node(1).open();
                Waiting.until("a node is synced", LIMIT, () -> one.node(1).version() > 0);
            }
            long begun = System.nanoTime();
            AtomicLongArray end = new AtomicLongArray(1);
            one.record((index, reply, nanos) -> {
                if (index == 0) {
                    end.compareAndSet(0, 0, nanos);
                }
            });
            one.node(0).open();
            Waiting.until("a node is synced", LIMIT, () -> end.get(0) != 0);
            check(one);
            return (end.get(0) - begun) / 1e6;
        }
    }

    /** Connects a fleet and waits for it. */
    Fleet<StreamRoutesRequest> connect(int connections) {
        Report.progress("routes: " + content.nodes() + " nodes on " + connections + " connections");
        double cpu = distributor.cpuSeconds();
        double snapshots = distributor.metric("fairlead_stream_snapshots_total");
        long begun = System.nanoTime();
        Fleet<StreamRoutesRequest> fleet =
                new Fleet<>(Protocol.ROUTES, distributor.port(), "n", content.nodes(), connections);
        fleet.open();
        Waiting.until("all nodes are synced", LIMIT, () -> fleet.having(1) == fleet.size());
        report.row(
                "all connect at once: until all are synced",
                String.format(
                        Locale.ROOT,
                        "%.1f s (CPU of the distributor %.1f s, %.0f snapshots)",
                        (System.nanoTime() - begun) / 1e9,
                        distributor.cpuSeconds() - cpu,
                        distributor.metric("fairlead_stream_snapshots_total") - snapshots),
                "–");
        check(fleet);
        return fleet;
    }

    /** One change at a time, each when the one before is everywhere. */
    void singleChanges(Fleet<StreamRoutesRequest> fleet, int changes) {
        Report.progress("single changes");
        Quantiles first = new Quantiles();
        Quantiles all = new Quantiles();
        Quantiles last = new Quantiles();
        for (int i = 0; i < changes; i++) {
            AtomicLongArray at = new AtomicLongArray(fleet.size());
            long base = fleet.newest();
            fleet.record((index, reply, nanos) -> {
                if (reply.version() > base) {
                    at.compareAndSet(index, 0, nanos);
                }
            });
            int number = singles / 2;
            Op change = singles++ % 2 == 0 ? Content.extra(number) : Content.withoutExtra(number);
            long commit = Waiting.of(store.commit(Txn.of(change)).map(done -> System.nanoTime()));
            Waiting.until(
                    "a change is everywhere",
                    LIMIT,
                    () -> IntStream.range(0, at.length()).allMatch(n -> at.get(n) != 0));
            long[] lags = IntStream.range(0, at.length())
                    .mapToLong(n -> at.get(n) - commit)
                    .sorted()
                    .toArray();
            Arrays.stream(lags).forEach(all::add);
            first.add(lags[0]);
            last.add(lags[lags.length - 1]);
            Waiting.pause(30);
        }
        // latencies count from when the writer knows; a node may be told a little sooner
        report.row("one change, commit acknowledged → first node, ms p50 / p99 / max of " + changes, first.text(), "–");
        report.row("one change → each node, ms p50 / p99 / max", all.text(), Report.aim(all.at(0.99), "ms p99", 250));
        report.row("one change → last of all nodes, ms p50 / p99 / max", last.text(), "–");
    }

    /** Changes at a rate, whether or not the ones before are everywhere. */
    void churn(Fleet<StreamRoutesRequest> fleet, int seconds) {
        Report.progress("churn for " + seconds + " s");
        int changes = seconds * 1_000 / CHURN_PAUSE_MS;
        Churn churn = new Churn(fleet.size(), revision());
        fleet.record(churn);
        long[] revisions = new long[changes];
        long[] commits = new long[changes];
        List<Future<TxnResult>> pending = new ArrayList<>();
        double cpu = distributor.cpuSeconds();
        double responses = distributor.metric("fairlead_stream_responses_total");
        long begun = System.nanoTime();
        for (int i = 0; i < changes; i++) {
            int slot = i;
            int node = churned++ % content.nodes();
            Op put = Content.node(node, generations.merge(node, 1, Integer::sum));
            pending.add(store.commit(Txn.of(put)).onSuccess(done -> {
                revisions[slot] = done.revision();
                commits[slot] = System.nanoTime();
            }));
            LockSupport.parkNanos(begun + (i + 1L) * CHURN_PAUSE_MS * 1_000_000 - System.nanoTime());
        }
        pending.forEach(Waiting::of);
        double took = (System.nanoTime() - begun) / 1e9;
        double used = distributor.cpuSeconds() - cpu;
        long newest = revisions[changes - 1];
        Waiting.until("all changes are everywhere", LIMIT, () -> fleet.having(newest) == fleet.size());
        double sent = distributor.metric("fairlead_stream_responses_total") - responses;
        Quantiles lags = churn.lags(revisions, commits);
        tell(changes / took, seconds, lags, used / took, sent / changes / fleet.size());
        check(fleet);
    }

    private void tell(double rate, int seconds, Quantiles lags, double cpus, double responses) {
        report.row(
                String.format(Locale.ROOT, "%.0f changes/s for %d s → each node, ms p50 / p99 / max", rate, seconds),
                lags.text(),
                "–");
        report.row(
                "CPU of the distributor meanwhile; responses a change and node",
                String.format(Locale.ROOT, "%.2f CPUs; %.2f", cpus, responses),
                "≤ 1 response");
    }

    /** Bytes of heap and of memory for each node, given what there was without any. */
    void memory(Fleet<StreamRoutesRequest> fleet, long before) {
        double kilobytes = (distributor.liveBytes() - before) / 1024.0 / fleet.size();
        report.row(
                "heap a node (reachable, without the table); resident memory of the process",
                String.format(Locale.ROOT, "%.1f KB; %.0f MB", kilobytes, distributor.residentMb()),
                Report.aim(kilobytes, "KB", 100));
    }

    /** Kills the distributor under all nodes and starts it again. */
    void restart(Fleet<StreamRoutesRequest> fleet) {
        Report.progress("restart");
        AtomicLongArray at = new AtomicLongArray(fleet.size());
        long attempts = fleet.attempts();
        distributor.kill9();
        long killed = System.nanoTime();
        fleet.record((index, reply, nanos) -> at.compareAndSet(index, 0, nanos));
        distributor.start();
        distributor.awaitReady();
        double ready = (System.nanoTime() - killed) / 1e9;
        Waiting.until(
                "all nodes are back",
                LIMIT,
                () -> IntStream.range(0, at.length()).allMatch(n -> at.get(n) != 0));
        double cpu = distributor.cpuSeconds();
        Quantiles back = new Quantiles();
        IntStream.range(0, at.length()).forEach(n -> back.add(at.get(n) - killed));
        report.row(
                "distributor killed and started again: ready; nodes back, s p50 / p99 / last",
                String.format(
                        Locale.ROOT,
                        "%.1f; %.1f / %.1f / %.1f",
                        ready,
                        back.at(0.5) / 1e3,
                        back.at(0.99) / 1e3,
                        back.max() / 1e3),
                Report.aim(back.max() / 1e3, "s", 20));
        report.row(
                "meanwhile: streams asked for a node; snapshots; responses; CPU",
                String.format(
                        Locale.ROOT,
                        "%.1f; %.0f; %.0f; %.1f s",
                        (fleet.attempts() - attempts) / (double) fleet.size(),
                        distributor.metric("fairlead_stream_snapshots_total"),
                        distributor.metric("fairlead_stream_responses_total"),
                        cpu),
                "–");
        check(fleet);
    }

    /** Tables that nodes kept are the store's, and nobody was told what cannot be. */
    private void check(Fleet<StreamRoutesRequest> fleet) {
        Map<String, String> routes = content.routes(generations);
        if (singles % 2 == 1) {
            throw new IllegalStateException("single changes: " + singles + " (expected: an even number)");
        }
        fleet.tables().forEach(table -> {
            if (!table.equals(routes)) {
                throw new IllegalStateException(
                        "a node's table: " + table.size() + " routes that differ from the store's " + routes.size());
            }
        });
        if (!fleet.wrongs().isEmpty()) {
            throw new IllegalStateException("nodes were told what cannot be: " + fleet.wrongs());
        }
    }

    private long revision() {
        return Waiting.of(store.list("fairlead/none/")).revision();
    }

    private static String ms(double value) {
        return String.format(Locale.ROOT, "%.1f ms", value);
    }
}
