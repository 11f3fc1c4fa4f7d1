package io.fairlead.soak;

import io.fairlead.soak.check.Acknowledged;
import io.fairlead.soak.check.ExpectedTables;
import io.fairlead.soak.check.Holdings;
import io.fairlead.soak.check.Invariant;
import io.fairlead.soak.check.StoreModel;
import io.fairlead.soak.check.Violation;
import io.fairlead.soak.client.NodeTables;
import io.fairlead.soak.client.SimulatedNode;
import io.fairlead.soak.history.History;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.store.Change;
import io.fairlead.soak.store.EtcdHttp;
import io.fairlead.soak.store.Follower;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** Watches the store through its own connection, and says after each round what does not hold. */
final class Checker implements AutoCloseable {
    /** Keys of the bench's own: not part of what is checked. */
    static final String OWN = "soak/";

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final EtcdHttp store;
    private final History history;
    private final List<SimulatedNode> nodes;
    private final StoreModel model; // guarded by: model
    private final Follower follower;
    // By text, so that each is said once. owned by: the run's thread
    private final Map<String, Violation> found = new LinkedHashMap<>();
    private int round; // owned by: the run's thread

    Checker(EtcdHttp store, History history, List<SimulatedNode> nodes) {
        this.store = store;
        this.history = history;
        this.nodes = List.copyOf(nodes);
        Map<String, SimulatedNode> byName = new TreeMap<>();
        nodes.forEach(node -> byName.put(node.name(), node));
        this.model = new StoreModel((name, cidr) ->
                Optional.ofNullable(byName.get(name.value())).flatMap(node -> node.nextHop(cidr.toString())));
        this.follower = new Follower(store.endpoints(), this::take, history::now);
    }

    private void take(List<Change> changes) {
        List<Change> relevant = changes.stream()
                .filter(change -> !change.key().startsWith(OWN + "fill/"))
                .toList();
        synchronized (model) {
            model.apply(relevant);
        }
    }

    /** Everything found so far. */
    List<Violation> found() {
        return new ArrayList<>(found.values());
    }

    void report(Violation violation) {
        found.putIfAbsent(violation.invariant() + violation.text(), violation);
    }

    /** A revision up to which the checker has seen everything, so that what is before may be forgotten. */
    long seen() {
        return follower.reached();
    }

    /** Present values of keys that begin so. */
    Map<String, String> values(String prefix) {
        synchronized (model) {
            Map<String, String> values = new TreeMap<>(model.raw());
            values.keySet().removeIf(key -> !key.startsWith(prefix));
            return values;
        }
    }

    /**
     * Waits until the checker has seen all there is; nobody may be asking anything.
     *
     * @throws IllegalStateException when it cannot: etcd does not answer
     */
    void catchUp() throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        long revision = 0;
        while (revision == 0) {
            try {
                revision = store.put(OWN + "round", Integer.toString(++round));
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(100_000_000);
            }
        }
        await(revision);
    }

    /** Waits until the checker has seen a revision. */
    void await(long revision) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (follower.reached() < revision) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(
                        "checker: at revision " + follower.reached() + " (expected: " + revision + " within 60 s)");
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** What each node that differs from the store lacks, has too much, or has otherwise. */
    Map<String, List<String>> differences() {
        NodeTables expected;
        synchronized (model) {
            expected = ExpectedTables.of(model);
        }
        Map<String, List<String>> all = new TreeMap<>();
        for (SimulatedNode node : nodes) {
            List<String> differences = ExpectedTables.differences(expected, node.tables());
            if (!differences.isEmpty()) {
                all.put(node.name(), differences);
            }
        }
        return all;
    }

    /**
     * Waits until all nodes' tables are equal to the store.
     *
     * @param since when they should have begun to become equal, in nanoseconds of the run
     * @param limit after which it is a violation; it is waited for longer, to say how long it took
     * @return when they were, since then, in milliseconds; -1 for never
     */
    long awaitTables(long since, Duration limit) {
        long last = since + limit.toNanos();
        boolean said = false;
        while (true) {
            Map<String, List<String>> differences = differences();
            long now = history.now();
            if (differences.isEmpty()) {
                return Math.max(0, (now - since) / 1_000_000);
            }
            if (now > last && !said) {
                said = true;
                differences.forEach((node, all) -> report(new Violation(
                        Invariant.TABLES_EQUAL,
                        "round " + round + ": " + node + " differs after " + limit.toSeconds() + " s: "
                                + String.join("; ", all),
                        "",
                        now)));
            }
            if (now > last + PATIENCE.toNanos()) {
                return -1;
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Compares histories and store; nobody may be asking anything. */
    void check() throws IOException {
        catchUp();
        List<Operation> operations = history.operations();
        Holdings.cidrs(operations).forEach(this::report);
        Holdings.identities(operations).forEach(this::report);
        EtcdHttp.Content content = store.list("");
        synchronized (model) {
            model.found().forEach(this::report);
            Acknowledged.check(operations, model.subjects(), history.now()).forEach(this::report);
            content.values().keySet().removeIf(key -> key.startsWith(OWN + "fill/"));
            if (content.revision() == model.revision() && !content.values().equals(model.raw())) {
                throw new IllegalStateException("checker: its history of the store leads to another content than the"
                        + " store has (expected: the same at revision " + content.revision() + ")");
            }
        }
        if (follower.gaps() > 0) {
            throw new IllegalStateException("checker: part of the history was compacted away before it was seen");
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
