package io.fairlead.soak;

import io.fairlead.soak.check.Invariant;
import io.fairlead.soak.check.Violation;
import io.fairlead.soak.cluster.Replica;
import io.fairlead.soak.cluster.SoakCluster;
import io.fairlead.soak.history.History;
import io.fairlead.soak.history.Operation;
import io.fairlead.soak.history.Outcome;
import io.fairlead.soak.store.EtcdHttp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Rounds that are more than a fault: etcd without space, and values that nobody can read. */
final class Trials {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final List<String> GARBAGE =
            List.of("", "{", "null", "[]", "{\"Name\":1,\"IP\":2}", "\u0000\u0001garbage", "0", "-1", "4294967296");
    private static final List<String> CORRUPTED = List.of(
            "cilium/state/nodes/v1/",
            "cilium/state/ip/v1/",
            "cilium/state/identities/v1/id/",
            "cilium/state/identities/v1/value/",
            "fairlead/policy/v1/",
            "fairlead/ipam/v1/node/",
            "fairlead/identity/v1/labels/");
    private static final Map<String, String> COUNTERS = Map.of(
            "identity", "fairlead_identity_unreadable_entries_total",
            "routes", "fairlead_routes_unreadable_total",
            "ipam", "fairlead_ipam_unreadable_records_total");

    private final SoakCluster cluster;
    private final Checker checker;
    private final History history;
    private final Random random;

    Trials(SoakCluster cluster, Checker checker, History history, Random random) {
        this.cluster = cluster;
        this.checker = checker;
        this.history = history;
        this.random = random;
    }

    /** Fills etcd while nodes work, looks at what they are told, and makes room again. */
    String noSpace() throws IOException {
        EtcdHttp store = cluster.store();
        int written = fill(store);
        long full = history.now();
        LockSupport.parkNanos(3_000_000_000L);
        long until = history.now();
        List<String> unclear = new ArrayList<>();
        int refused = 0;
        for (Operation operation : history.operations()) {
            boolean meanwhile = operation.invoked() > full && operation.completed() < until;
            if (!meanwhile
                    || operation.outcome() == Outcome.OK
                    || !operation.kind().gives()) {
                continue;
            }
            refused++;
            if (!operation.said().contains("space")) {
                unclear.add(operation.text());
            }
        }
        if (refused == 0 || !unclear.isEmpty()) {
            checker.report(new Violation(
                    Invariant.NO_SPACE_SAID,
                    refused + " writes were refused while etcd had no space, of them " + unclear.size()
                            + " without saying so (expected: some, and all saying so): "
                            + unclear.stream().limit(3).toList(),
                    "",
                    until));
        }
        checker.await(store.deletePrefix(Checker.OWN + "fill/"));
        store.compact(checker.seen());
        for (String endpoint : store.endpoints()) {
            store.defragment(endpoint);
        }
        store.disarm();
        return written + " values of 512 KiB, then " + refused + " writes refused";
    }

    /** Writes until etcd has no space; how many values that took. */
    private int fill(EtcdHttp store) throws IOException {
        String value = "x".repeat(512 << 10);
        long most = 2 * SoakCluster.QUOTA_BYTES / value.length();
        for (int i = 0; i < most; i++) {
            try {
                store.put(Checker.OWN + "fill/" + i, value);
            } catch (IOException e) {
                if (!store.alarms().isEmpty()) {
                    return i;
                }
            }
        }
        throw new IllegalStateException("etcd: took " + most + " values of 512 KiB (expected: an alarm before)");
    }

    /** Makes a value of each kind unreadable while nobody asks, looks at nodes and counters, and repairs them. */
    String corrupt() throws IOException {
        checker.catchUp();
        checker.awaitTables(history.now(), LIMIT);
        Map<String, String> originals = new LinkedHashMap<>();
        for (String prefix : CORRUPTED) {
            Map<String, String> values = checker.values(prefix);
            if (!values.isEmpty()) {
                List<String> keys = new ArrayList<>(values.keySet());
                String key = keys.get(random.nextInt(keys.size()));
                originals.put(key, values.get(key));
            }
        }
        Map<Replica, Double> before = counters();
        for (String key : originals.keySet()) {
            cluster.store().put(key, GARBAGE.get(random.nextInt(GARBAGE.size())));
        }
        checker.catchUp();
        LockSupport.parkNanos(1_000_000_000L);
        checker.differences()
                .forEach((node, all) -> checker.report(new Violation(
                        Invariant.OLD_STATE_KEPT,
                        node + " differs from the last readable values of " + originals.keySet() + ": " + all,
                        "",
                        history.now())));
        counters().forEach((replica, now) -> {
            if (now <= before.getOrDefault(replica, 0.0)) {
                checker.report(new Violation(
                        Invariant.OLD_STATE_KEPT,
                        replica.name() + " counts " + now + " unreadable values (expected: more than before, "
                                + before.get(replica) + "); corrupted: " + originals.keySet(),
                        "",
                        history.now()));
            }
        });
        for (Map.Entry<String, String> original : originals.entrySet()) {
            cluster.store().put(original.getKey(), original.getValue());
        }
        return originals.size() + " values corrupted and repaired";
    }

    private Map<Replica, Double> counters() throws IOException {
        Map<Replica, Double> counters = new LinkedHashMap<>();
        for (Replica replica : cluster.replicas()) {
            String service = replica.name().replaceAll("[0-9]+$", "");
            counters.put(replica, replica.metric(COUNTERS.get(service)));
        }
        return counters;
    }
}
