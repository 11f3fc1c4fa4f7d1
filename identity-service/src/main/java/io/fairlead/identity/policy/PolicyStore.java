package io.fairlead.identity.policy;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.identity.policy.PolicyException.Reason;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes and removes policies, each request in one transaction that is guarded by what was read before.
 *
 * <p>A request that failed with an unanswered store can be repeated: it ends the same. Any thread may call; futures complete
 * on the store's thread.
 */
final class PolicyStore {
    private static final Logger LOGGER = LoggerFactory.getLogger(PolicyStore.class);
    /** Transactions that may lose to others before a request gives up. */
    private static final int MAX_CONFLICTS = 16;
    /** Values of at most 1.5 MiB, of which the store's answers have room for 40. */
    private static final int READ_AT_ONCE = 32;

    private final KvStore store;
    private final Worker worker;

    PolicyStore(KvStore store, Worker worker) {
        this.store = store;
        this.worker = worker;
    }

    /** What an apply does to a policy. */
    enum Outcome {
        CREATED,
        CONFIGURED,
        UNCHANGED
    }

    /**
     * What an apply did.
     *
     * @param outcomes in the order of the request
     * @param revision from which all of them count
     */
    record Applied(List<Outcome> outcomes, long revision) {
        Applied {
            outcomes = List.copyOf(outcomes);
        }
    }

    /**
     * A policy and when it was written.
     *
     * @param document as JSON: as trees, many large ones would fill the memory
     * @param revision of the store that it has since
     */
    record Stored(PolicyName name, String document, long revision, long createdMs) {}

    /** All policies as of one revision. */
    record Contents(long revision, List<Stored> policies) {
        Contents {
            policies = List.copyOf(policies);
        }
    }

    /** Writes those that differ from what is there. */
    Future<Applied> apply(List<ParsedPolicy> policies, long nowMs) {
        return apply(policies, nowMs, 0);
    }

    private Future<Applied> apply(List<ParsedPolicy> policies, long nowMs, int conflicts) {
        List<String> keys = policies.stream()
                .map(each -> PolicyKeys.key(each.policy().name()))
                .toList();
        return read(keys, 0, new HashMap<>())
                .compose(there -> worker.call(() -> plan(policies, there, nowMs)))
                .compose(plan -> {
                    if (plan.writes().isEmpty()) {
                        return Future.succeededFuture(new Applied(plan.outcomes(), plan.revision()));
                    }
                    Txn txn = new Txn(plan.conditions(), plan.writes(), List.of());
                    return store.commit(txn).compose(result -> {
                        if (result.succeeded()) {
                            return Future.succeededFuture(new Applied(plan.outcomes(), result.revision()));
                        }
                        return conflicts >= MAX_CONFLICTS
                                ? Future.failedFuture(busy())
                                : apply(policies, nowMs, conflicts + 1);
                    });
                });
    }

    /**
     * What an apply is to write.
     *
     * @param revision of the newest of those that stay as they are
     */
    private record Plan(List<Outcome> outcomes, List<Condition> conditions, List<Op> writes, long revision) {}

    private static Plan plan(List<ParsedPolicy> policies, Map<String, KeyValue> there, long nowMs) {
        List<Outcome> outcomes = new ArrayList<>();
        List<Condition> conditions = new ArrayList<>();
        List<Op> writes = new ArrayList<>();
        long revision = 0;
        for (ParsedPolicy policy : policies) {
            String key = PolicyKeys.key(policy.policy().name());
            Optional<KeyValue> entry = Optional.ofNullable(there.get(key));
            Optional<PolicyRecord> before = entry.flatMap(PolicyStore::record);
            if (before.isPresent() && before.get().document().equals(policy.document())) {
                outcomes.add(Outcome.UNCHANGED);
                revision = Math.max(revision, entry.get().modRevision());
                continue;
            }
            outcomes.add(entry.isPresent() ? Outcome.CONFIGURED : Outcome.CREATED);
            conditions.add(unchanged(key, entry));
            long created = before.map(PolicyRecord::createdMs).orElse(nowMs);
            writes.add(Op.put(key, new PolicyRecord(policy.document(), created).encode()));
        }
        return new Plan(outcomes, conditions, writes, revision);
    }

    /** Reads keys, so many at a time that large values fit into an answer. What is written rests on each key's revision. */
    private Future<Map<String, KeyValue>> read(List<String> keys, int from, Map<String, KeyValue> sofar) {
        if (from >= keys.size()) {
            return Future.succeededFuture(sofar);
        }
        List<String> some = keys.subList(from, Math.min(keys.size(), from + READ_AT_ONCE));
        Op[] reads = some.stream().map(Op.Get::new).toArray(Op[]::new);
        return store.commit(Txn.of(reads)).compose(result -> {
            result.reads().forEach(found -> found.forEach(entry -> sofar.put(entry.key(), entry)));
            return read(keys, from + READ_AT_ONCE, sofar);
        });
    }

    private static Condition unchanged(String key, Optional<KeyValue> entry) {
        return entry.isPresent() ? new Condition.Unchanged(key, entry.get().modRevision()) : new Condition.Missing(key);
    }

    /** Those that are wanted and can be read. */
    Future<Contents> all(Predicate<PolicyName> wanted) {
        return store.list(PolicyKeys.PREFIX)
                .compose(listing -> worker.call(() -> {
                    List<Stored> policies = new ArrayList<>();
                    for (KeyValue entry : listing.entries()) {
                        try {
                            PolicyName name = PolicyKeys.parse(entry.key());
                            if (wanted.test(name)) {
                                record(entry)
                                        .ifPresent(record -> policies.add(new Stored(
                                                name,
                                                record.document().toString(),
                                                entry.modRevision(),
                                                record.createdMs())));
                            }
                        } catch (IllegalArgumentException e) {
                            unreadable(entry, e);
                        }
                    }
                    return new Contents(listing.revision(), policies);
                }));
    }

    /**
     * Removes policies, all or none.
     *
     * @return the revision from which they are gone; fails naming all that are not there
     */
    Future<Long> delete(List<PolicyName> names) {
        List<PolicyName> distinct = List.copyOf(new TreeSet<>(names));
        if (distinct.size() > PolicyDocuments.MAX_POLICIES) {
            return Future.failedFuture(new PolicyException(
                    Reason.INVALID,
                    "names: " + distinct.size() + " (expected: at most " + PolicyDocuments.MAX_POLICIES + " at once)"));
        }
        return delete(distinct, 0);
    }

    private Future<Long> delete(List<PolicyName> names, int conflicts) {
        Op[] steps =
                names.stream().map(name -> new Op.Delete(PolicyKeys.key(name))).toArray(Op[]::new);
        Op[] reads =
                names.stream().map(name -> new Op.Get(PolicyKeys.key(name))).toArray(Op[]::new);
        Condition[] conditions = names.stream()
                .map(name -> new Condition.Exists(PolicyKeys.key(name)))
                .toArray(Condition[]::new);
        Txn txn = Txn.when(conditions).then(steps).otherwise(reads);
        return store.commit(txn).compose(result -> {
            if (result.succeeded()) {
                return Future.succeededFuture(result.revision());
            }
            List<String> missing = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                if (result.reads().get(i).isEmpty()) {
                    missing.add(names.get(i) + ": not found (expected: a policy that exists)");
                }
            }
            if (!missing.isEmpty()) {
                return Future.failedFuture(new PolicyException(Reason.UNKNOWN, String.join("\n", missing)));
            }
            return conflicts >= MAX_CONFLICTS ? Future.failedFuture(busy()) : delete(names, conflicts + 1);
        });
    }

    private static Optional<PolicyRecord> record(KeyValue entry) {
        try {
            return Optional.of(PolicyRecord.decode(entry.value()));
        } catch (IllegalArgumentException e) {
            unreadable(entry, e);
            return Optional.empty();
        }
    }

    private static void unreadable(KeyValue entry, IllegalArgumentException e) {
        LOGGER.atWarn()
                .addKeyValue("key", entry.key())
                .addKeyValue("reason", e.getMessage())
                .log("Stored policy cannot be read, it is passed over");
    }

    private static PolicyException busy() {
        return new PolicyException(
                Reason.BUSY,
                "policies: others changed them " + MAX_CONFLICTS
                        + " times (expected: one of the attempts to go through; try again)");
    }
}
