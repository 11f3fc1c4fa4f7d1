package io.fairlead.node.reconcile;

import io.fairlead.node.desired.DesiredState.Source;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Decides what to change, and in which order. Pure. */
public final class Planner {
    private Planner() {}

    /**
     * The steps from what is to what should be: upserts in the order of {@link TableId}, then deletes in reverse.
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
            if (!complete.contains(table.source()) || desired.get(table) == observed.get(table)) {
                continue;
            }
            Map<Object, Object> missing = missing(desired.get(table), observed.get(table));
            if (!missing.isEmpty()) {
                upserts.add(new KernelOp.Upsert(table, missing));
            }
            List<Object> surplus = surplus(desired.get(table), observed.get(table));
            if (!surplus.isEmpty()) {
                deletes.add(0, new KernelOp.Delete(table, surplus));
            }
        }
        upserts.addAll(deletes);
        return upserts;
    }

    private static Map<Object, Object> missing(Map<?, ?> desired, Map<?, ?> observed) {
        Map<Object, Object> missing = new LinkedHashMap<>();
        desired.forEach((key, value) -> {
            if (!value.equals(observed.get(key))) {
                missing.put(key, value);
            }
        });
        return missing;
    }

    private static List<Object> surplus(Map<?, ?> desired, Map<?, ?> observed) {
        List<Object> surplus = new ArrayList<>();
        for (Object key : observed.keySet()) {
            if (!desired.containsKey(key)) {
                surplus.add(key);
            }
        }
        return surplus;
    }
}
