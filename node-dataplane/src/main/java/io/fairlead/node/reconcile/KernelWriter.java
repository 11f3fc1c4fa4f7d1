package io.fairlead.node.reconcile;

import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries plans out and remembers what the kernel holds and what it refused.
 *
 * <p>Used by the reconciler's thread only; {@link #observed()} may be read by others.
 */
final class KernelWriter {
    private static final Logger LOGGER = LoggerFactory.getLogger(KernelWriter.class);
    /** How many refused entries of a table one round logs: a full map refuses thousands. */
    private static final int LOGGED = 5;

    private final Map<TableId, KernelTable<?, ?>> tables;
    private volatile Tables observed = Tables.EMPTY;
    private final Map<TableId, Map<Object, Refusal>> refusals = new EnumMap<>(TableId.class); // owned by: reconciler
    private final Map<TableId, String> unreadable = new EnumMap<>(TableId.class); // owned by: reconciler
    private Map<TableId, Map<Object, Refusal>> said = Map.of(); // owned by: reconciler
    private @Nullable Map<TableId, Map<Object, String>> failures; // owned by: reconciler
    private final Map<TableId, List<Object>> unwritten = new EnumMap<>(TableId.class); // owned by: reconciler

    /** An entry the kernel refused: tried again when it changes or at the next full look. */
    private record Refusal(Object value, String reason) {}

    KernelWriter(Map<TableId, KernelTable<?, ?>> tables) {
        this.tables = tables;
    }

    Tables observed() {
        return observed;
    }

    Map<TableId, String> unreadable() {
        return Map.copyOf(unreadable);
    }

    /** What could not be written or removed, with the reason; the very same object as long as nothing changes. */
    Map<TableId, Map<Object, String>> failures() {
        Map<TableId, Map<Object, String>> known = failures;
        if (known == null) {
            known = new EnumMap<>(TableId.class);
            for (Map.Entry<TableId, Map<Object, Refusal>> table : refusals.entrySet()) {
                Map<Object, String> reasons = new HashMap<>();
                table.getValue().forEach((key, refusal) -> reasons.put(key, refusal.reason()));
                known.put(table.getKey(), Map.copyOf(reasons));
            }
            failures = known;
        }
        return known;
    }

    /**
     * What the kernel holds now, without remembering it. Any thread.
     *
     * @throws KernelException when a table cannot be read
     */
    Tables read() {
        Tables now = Tables.EMPTY;
        for (Map.Entry<TableId, KernelTable<?, ?>> table : tables.entrySet()) {
            now = now.loaded(table.getKey(), table.getValue().load());
        }
        return now;
    }

    /** Reads all tables; one that cannot be read is left alone until it can. */
    void load() {
        Tables now = observed;
        for (Map.Entry<TableId, KernelTable<?, ?>> table : tables.entrySet()) {
            try {
                now = now.loaded(table.getKey(), table.getValue().load());
                unreadable.remove(table.getKey());
            } catch (RuntimeException e) {
                String reason = Objects.requireNonNullElse(e.getMessage(), e.toString());
                if (!reason.equals(unreadable.put(table.getKey(), reason))) {
                    LOGGER.atError()
                            .addKeyValue("table", table.getKey().label())
                            .addKeyValue("error", reason)
                            .log("table of the kernel cannot be read");
                }
            }
        }
        observed = now;
    }

    /**
     * Carries a plan out.
     *
     * @param retryFailed whether what the kernel refused before is tried again unchanged
     */
    void write(List<KernelOp> plan, boolean retryFailed) {
        if (retryFailed) {
            said = new EnumMap<>(refusals);
            refusals.clear();
            failures = null;
        }
        unwritten.clear();
        for (KernelOp op : plan) {
            KernelTable<?, ?> table = tables.get(op.table());
            if (table == null || unreadable.containsKey(op.table())) {
                continue;
            }
            if (op instanceof KernelOp.Upsert upsert) {
                upsert(table, upsert);
            } else if (op instanceof KernelOp.Delete delete) {
                delete(table, delete);
            }
        }
    }

    @SuppressWarnings("unchecked") // the planner takes keys and values from the table's own content
    private void upsert(KernelTable<?, ?> table, KernelOp.Upsert op) {
        Map<Object, Object> entries = (Map<Object, Object>) op.entries();
        Map<Object, Refusal> refused = refusals.getOrDefault(op.table(), Map.of());
        if (!refused.isEmpty()) {
            entries = worthTrying(entries, refused, op.table());
        }
        if (entries.isEmpty()) {
            return;
        }
        Map<Object, Object> tried = entries;
        Map<Object, KernelException> failed =
                attempt(tried.keySet(), () -> ((KernelTable<Object, Object>) table).upsert(tried));
        note(op.table(), failed, tried);
        Map<Object, Object> written = tried;
        if (!failed.isEmpty()) {
            written = new HashMap<>(tried);
            written.keySet().removeAll(failed.keySet());
        }
        observed = observed.plus(op.table(), written);
    }

    private Map<Object, Object> worthTrying(Map<Object, Object> entries, Map<Object, Refusal> refused, TableId table) {
        Map<Object, Object> worth = new LinkedHashMap<>();
        entries.forEach((key, value) -> {
            Refusal before = refused.get(key);
            boolean again = before != null && before.value().equals(value);
            if (again || isHalf(key, value, refused)) {
                leftOut(table).add(key);
            } else {
                worth.put(key, value);
            }
        });
        return worth;
    }

    private List<Object> leftOut(TableId table) {
        return unwritten.computeIfAbsent(table, t -> new ArrayList<>());
    }

    /** An allow whose identity has a deny that the kernel refused: it might let through what is denied. */
    private static boolean isHalf(Object key, Object value, Map<Object, Refusal> refused) {
        if (refused.isEmpty() || !(key instanceof PolicyKey allowed) || ((PolicyEntry) value).deny()) {
            return false;
        }
        return refused.entrySet().stream()
                .anyMatch(refusal -> refusal.getKey() instanceof PolicyKey other
                        && refusal.getValue().value() instanceof PolicyEntry entry
                        && entry.deny()
                        && other.policy() == allowed.policy()
                        && other.identity() == allowed.identity()
                        && other.ingress() == allowed.ingress());
    }

    /**
     * Takes what was wanted for what there is, but for what could not be written, so that the two are known to be the same.
     *
     * @param complete sources whose tables the plan was about
     */
    void adopt(Tables wanted, Set<Source> complete) {
        Tables now = observed.adopting(wanted);
        for (TableId table : tables.keySet()) {
            boolean planned = complete.containsAll(table.sources()) && !unreadable.containsKey(table);
            if (planned && table != TableId.POLICIES) {
                now = now.adopting(table, wanted, unwritten.getOrDefault(table, List.of()));
            }
        }
        observed = now;
    }

    @SuppressWarnings("unchecked") // as above
    private void delete(KernelTable<?, ?> table, KernelOp.Delete op) {
        Collection<Object> keys = (Collection<Object>) op.keys();
        Map<Object, KernelException> failed =
                attempt(keys, () -> ((KernelTable<Object, Object>) table).delete((Collection<Object>) op.keys()));
        note(op.table(), failed, Map.of());
        if (!failed.isEmpty()) {
            keys = keys.stream().filter(key -> !failed.containsKey(key)).toList();
        }
        observed = observed.minus(op.table(), keys);
    }

    /** A write whose outcome is unknown counts as failed for all of it: the next look sees what became of it. */
    private static Map<Object, KernelException> attempt(
            Collection<Object> keys, Supplier<Map<Object, KernelException>> write) {
        try {
            return write.get();
        } catch (KernelException e) {
            Map<Object, KernelException> failed = new HashMap<>();
            keys.forEach(key -> failed.put(key, e));
            return failed;
        }
    }

    private void note(TableId table, Map<Object, KernelException> failed, Map<Object, Object> attempted) {
        if (failed.isEmpty() && !refusals.containsKey(table)) {
            return;
        }
        failures = null;
        leftOut(table).addAll(failed.keySet());
        Map<Object, Refusal> refused = new HashMap<>(refusals.getOrDefault(table, Map.of()));
        attempted.keySet().forEach(refused::remove);
        Map<Object, Refusal> known = said.getOrDefault(table, Map.of());
        int news = 0;
        for (Map.Entry<Object, KernelException> failure : failed.entrySet()) {
            KernelException error = failure.getValue();
            String reason = Objects.requireNonNullElse(error.getMessage(), error.toString());
            Refusal refusal = new Refusal(attempted.getOrDefault(failure.getKey(), "gone"), reason);
            refused.put(failure.getKey(), refusal);
            if (!refusal.equals(known.get(failure.getKey())) && ++news <= LOGGED) {
                LOGGER.atWarn()
                        .addKeyValue("table", table.label())
                        .addKeyValue("entry", failure.getKey())
                        .addKeyValue("error", reason)
                        .addKeyValue("failing", failed.size())
                        .log("entry could not be brought into the kernel");
            }
        }
        if (refused.isEmpty()) {
            refusals.remove(table);
        } else {
            refusals.put(table, refused);
        }
    }
}
