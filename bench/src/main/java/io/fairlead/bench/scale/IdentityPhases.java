package io.fairlead.bench.scale;

import io.fairlead.proto.identity.v1.StreamIdentitiesRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/** What is measured of the identity-service with all endpoints and identities of a large cluster. */
final class IdentityPhases {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final Service service;
    private final Content content;
    private final Report report;

    IdentityPhases(Service service, Content content, Report report) {
        this.service = service;
        this.content = content;
        this.report = report;
    }

    /** From its start until it is ready. */
    void start() {
        Report.progress("identity-service");
        long begun = System.nanoTime();
        service.start();
        service.awaitReady();
        report.row(
                "start until ready, CPU",
                String.format(Locale.ROOT, "%.1f s, %.1f s", (System.nanoTime() - begun) / 1e9, service.cpuSeconds()),
                "–");
        memory("heap (reachable); resident memory, nobody connected");
    }

    /** One new node after the other. */
    void fullSync(int rounds) {
        double first = sync(1, 0);
        double[] warm =
                IntStream.range(0, rounds).mapToDouble(i -> sync(1, 1 + i)).toArray();
        report.row(
                "full sync to one new node, first of a fresh process",
                String.format(Locale.ROOT, "%.0f ms", first),
                "–");
        report.row(
                "the same, median / max of " + rounds + " after it",
                String.format(
                        Locale.ROOT,
                        "%.0f / %.0f ms",
                        Quantiles.median(warm),
                        Arrays.stream(warm).max().orElse(0)),
                "–");
    }

    /** Many new nodes at one moment. */
    void many(int nodes) {
        double cpu = service.cpuSeconds();
        double all = sync(nodes, 1_000);
        report.row(
                "full sync to " + nodes + " new nodes at once, until the last; CPU",
                String.format(Locale.ROOT, "%.1f s; %.1f s", all / 1e3, service.cpuSeconds() - cpu),
                "–");
        memory("heap; resident memory after that");
    }

    private double sync(int nodes, int number) {
        try (Fleet<StreamIdentitiesRequest> fleet =
                new Fleet<>(Protocol.IDENTITIES, service.port(), "probe" + number + "x", nodes, nodes)) {
            AtomicLongArray end = new AtomicLongArray(nodes);
            fleet.record((index, reply, nanos) -> end.compareAndSet(index, 0, nanos));
            long begun = System.nanoTime();
            fleet.open();
            Waiting.until(
                    "nodes are synced", LIMIT, () -> IntStream.range(0, nodes).allMatch(n -> end.get(n) != 0));
            int least = content.endpoints() + content.identities();
            fleet.tables().forEach(table -> {
                if (table.size() < least) {
                    throw new IllegalStateException("a node's table: " + table.size() + " entries (expected: " + least
                            + " or, with the nodes' own, more)");
                }
            });
            if (!fleet.wrongs().isEmpty()) {
                throw new IllegalStateException("nodes were told what cannot be: " + fleet.wrongs());
            }
            return (IntStream.range(0, nodes).mapToLong(end::get).max().orElse(begun) - begun) / 1e6;
        }
    }

    private void memory(String what) {
        report.row(
                what,
                String.format(
                        Locale.ROOT, "%.0f MB; %.0f MB", service.liveBytes() / 1024.0 / 1024, service.residentMb()),
                "–");
    }
}
