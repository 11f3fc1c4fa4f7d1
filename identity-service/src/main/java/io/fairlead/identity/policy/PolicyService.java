package io.fairlead.identity.policy;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import io.fairlead.contract.policy.grpc.PolicyMessages;
import io.fairlead.identity.policy.Nodes.Progress;
import io.fairlead.identity.policy.PolicyException.Reason;
import io.fairlead.kvstore.KvStore;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Applies, gives and deletes policies. A change is answered when it is in force on every node, or its time is over.
 *
 * <p>Any thread may call; futures complete on the store's thread or the streams' context.
 */
public final class PolicyService {
    private final PolicyStore store;
    private final Nodes nodes;
    private final Timers timers;
    private final LongSupplier clock;
    private final Worker worker;
    private final PolicySizes sizes;

    /**
     * A service over a store.
     *
     * @param clock Unix time in ms
     * @param worker where policies are read
     * @param sizes of the policies nodes are told now
     */
    public PolicyService(
            KvStore store, Nodes nodes, Timers timers, LongSupplier clock, Worker worker, PolicySizes sizes) {
        this.worker = worker;
        this.sizes = sizes;
        this.store = new PolicyStore(store, worker);
        this.nodes = nodes;
        this.timers = timers;
        this.clock = clock;
    }

    /** What became of a document. */
    public enum Outcome {
        CREATED,
        CONFIGURED,
        UNCHANGED,
        /** Checked only. */
        VALID
    }

    /** A document's policy and what became of it. */
    public record Applied(PolicyName name, Outcome outcome) {}

    /**
     * What a change did.
     *
     * @param policies in the order of the request
     * @param revision of the store from which they count; 0 when nothing was to be written
     * @param reached how far the nodes are; empty when nobody waited
     */
    public record Change(List<Applied> policies, long revision, Optional<Reached> reached) {
        public Change {
            policies = List.copyOf(policies);
        }
    }

    /** How far the nodes are, and how long the request took until then, in ms. */
    public record Reached(Progress progress, long waitedMs) {}

    /** A policy as it is kept. */
    public record Kept(PolicyName name, String document, long revision, long createdMs) {}

    /** Policies as of a revision of the store. */
    public record Contents(long revision, List<Kept> policies) {
        public Contents {
            policies = List.copyOf(policies);
        }
    }

    /**
     * Which policies are asked for.
     *
     * @param kind empty for any, as all
     */
    public record Filter(Optional<Kind> kind, String namespace, String name) {
        boolean takes(PolicyName policy) {
            return (kind.isEmpty() || kind.get() == policy.kind())
                    && (namespace.isEmpty() || namespace.equals(policy.namespace()))
                    && (name.isEmpty() || name.equals(policy.name()));
        }
    }

    /** Checks documents only. Fails with all mistakes. */
    public Future<Change> validate(String documents) {
        return parsed(documents).map(all -> {
            List<Applied> valid = new ArrayList<>();
            all.forEach(each -> valid.add(new Applied(each.policy().name(), Outcome.VALID)));
            return new Change(valid, 0, Optional.empty());
        });
    }

    /** Stores the policies of documents, all or none. Fails with all mistakes. */
    public Future<Change> apply(String documents, Duration wait) {
        long start = timers.nanoTime();
        return parsed(documents)
                .compose(this::fitting)
                .compose(all -> store.apply(all, clock.getAsLong()).compose(applied -> {
                    List<Applied> policies = new ArrayList<>();
                    for (int i = 0; i < all.size(); i++) {
                        Outcome outcome = switch (applied.outcomes().get(i)) {
                            case CREATED -> Outcome.CREATED;
                            case CONFIGURED -> Outcome.CONFIGURED;
                            case UNCHANGED -> Outcome.UNCHANGED;
                        };
                        policies.add(new Applied(all.get(i).policy().name(), outcome));
                    }
                    return reach(policies, applied.revision(), wait, start);
                }));
    }

    /** Policies that any of the filters takes; all without a filter. */
    public Future<Contents> get(List<Filter> filters) {
        return store.all(name -> filters.isEmpty() || filters.stream().anyMatch(filter -> filter.takes(name)))
                .map(contents -> {
                    List<Kept> kept = new ArrayList<>();
                    contents.policies()
                            .forEach(policy -> kept.add(
                                    new Kept(policy.name(), policy.document(), policy.revision(), policy.createdMs())));
                    return new Contents(contents.revision(), kept);
                });
    }

    /** Deletes policies, all or none; a namespaced one without a namespace is that of "default". */
    public Future<Change> delete(List<PolicyName> names, Duration wait) {
        long start = timers.nanoTime();
        if (names.isEmpty()) {
            return Future.failedFuture(
                    new PolicyException(Reason.INVALID, "names: none (expected: at least one policy)"));
        }
        List<PolicyName> full =
                names.stream().map(PolicyService::withNamespace).distinct().toList();
        return store.delete(full).compose(revision -> {
            List<Applied> deleted = full.stream()
                    .map(name -> new Applied(name, Outcome.CONFIGURED))
                    .toList();
            return reach(deleted, revision, wait, start);
        });
    }

    private static PolicyName withNamespace(PolicyName name) {
        if (name.kind() == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY) {
            return new PolicyName(name.kind(), "", name.name());
        }
        return name.namespace().isEmpty() ? new PolicyName(name.kind(), "default", name.name()) : name;
    }

    private Future<Change> reach(List<Applied> policies, long revision, Duration wait, long start) {
        if (wait.isZero()) {
            return Future.succeededFuture(new Change(policies, revision, Optional.empty()));
        }
        return nodes.reach(revision, wait).map(progress -> {
            long waitedMs = Duration.ofNanos(timers.nanoTime() - start).toMillis();
            return new Change(policies, revision, Optional.of(new Reached(progress, waitedMs)));
        });
    }

    private Future<List<ParsedPolicy>> parsed(String documents) {
        return worker.call(() -> PolicyDocuments.read(documents));
    }

    /** Refuses what replicas and nodes would have no room for. */
    private Future<List<ParsedPolicy>> fitting(List<ParsedPolicy> all) {
        Map<PolicyName, Integer> changed = new HashMap<>();
        all.forEach(each -> changed.put(each.policy().name(), PolicyMessages.bytes(each.policy())));
        long total = sizes.with(changed);
        return total <= PolicySizes.MAX_BYTES
                ? Future.succeededFuture(all)
                : Future.failedFuture(new PolicyException(
                        Reason.INVALID,
                        "policies: " + total + " bytes with those in force (expected: at most " + PolicySizes.MAX_BYTES
                                + "; delete some first)"));
    }
}
