package io.fairlead.node.reconcile;

import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.PersistentMap;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Decides what to change, and in which order. Pure. */
public final class Planner {
    private Planner() {}

    /**
     * The steps from what is to what should be: upserts in the order of {@link TableId}, then deletes in reverse.
     *
     * <p>Of policies, denies are written before allows and go after them: what both the old and the new entries of an
     * identity forbid passes at no step.
     *
     * <p>A next hop whose id now means another node is thus rewritten before routes point at it, and goes after them.
     *
     * @param desired what should be
     * @param observed what is
     * @param complete sources that have said all they know; tables of others are left alone
     */
    public static List<KernelOp> plan(Tables desired, Tables observed, Set<Source> complete) {
        List<KernelOp> upserts = new ArrayList<>();
        List<KernelOp> deletes = new ArrayList<>();
        for (TableId table : TableId.values()) {
            if (!complete.containsAll(table.sources()) || desired.get(table) == observed.get(table)) {
                continue;
            }
            if (table == TableId.POLICIES) {
                upserts.addAll(policyUpserts(desired, observed));
                deletes.addAll(0, policyDeletes(desired, observed));
                continue;
            }
            Map<Object, Object> missing = new LinkedHashMap<>();
            List<Object> surplus = new ArrayList<>();
            compare(observed.get(table), desired.get(table), missing, surplus);
            if (!missing.isEmpty()) {
                upserts.add(new KernelOp.Upsert(table, missing));
            }
            if (!surplus.isEmpty()) {
                deletes.add(0, new KernelOp.Delete(table, surplus));
            }
        }
        upserts.addAll(deletes);
        return upserts;
    }

    /** The first steps of that: entries of policies that are missing. */
    static List<KernelOp> planPolicies(Tables desired, Tables observed, Set<Source> complete) {
        return complete.containsAll(TableId.POLICIES.sources()) ? policyUpserts(desired, observed) : List.of();
    }

    private static List<KernelOp> policyUpserts(Tables desired, Tables observed) {
        Map<PolicyKey, PolicyEntry> denies = new LinkedHashMap<>();
        Map<PolicyKey, PolicyEntry> allows = new LinkedHashMap<>();
        desired.policies().forEach((id, entries) -> {
            Map<PolicyKey, PolicyEntry> there = observed.policies().getOrDefault(id, Map.of());
            if (there != entries) {
                entries.forEach((key, value) -> {
                    if (!value.equals(there.get(key))) {
                        (value.deny() ? denies : allows).put(key, value);
                    }
                });
            }
        });
        return Stream.of(denies, allows)
                .filter(entries -> !entries.isEmpty())
                .<KernelOp>map(entries -> new KernelOp.Upsert(TableId.POLICIES, entries))
                .toList();
    }

    private static List<KernelOp> policyDeletes(Tables desired, Tables observed) {
        List<PolicyKey> denies = new ArrayList<>();
        List<PolicyKey> allows = new ArrayList<>();
        observed.policies().forEach((id, there) -> {
            Map<PolicyKey, PolicyEntry> entries = desired.policies().getOrDefault(id, Map.of());
            if (there != entries) {
                there.forEach((key, value) -> {
                    if (!entries.containsKey(key)) {
                        (value.deny() ? denies : allows).add(key);
                    }
                });
            }
        });
        return Stream.of(allows, denies)
                .filter(keys -> !keys.isEmpty())
                .<KernelOp>map(keys -> new KernelOp.Delete(TableId.POLICIES, keys))
                .toList();
    }

    @SuppressWarnings("unchecked") // keys and values of one table are of one kind
    private static void compare(Map<?, ?> is, Map<?, ?> should, Map<Object, Object> missing, List<Object> surplus) {
        PersistentMap.differences((Map<Object, Object>) is, (Map<Object, Object>) should, (key, before, after) -> {
            if (after == null) {
                surplus.add(key);
            } else {
                missing.put(key, after);
            }
        });
    }
}
