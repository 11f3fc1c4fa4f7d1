package io.fairlead.node.reconcile;

import java.util.Collection;
import java.util.Map;

/** One step of a plan. */
public sealed interface KernelOp {
    TableId table();

    /** How many entries it touches. */
    int size();

    /** Makes entries be there. */
    record Upsert(TableId table, Map<?, ?> entries) implements KernelOp {
        @Override
        public int size() {
            return entries.size();
        }
    }

    /** Makes entries be gone. */
    record Delete(TableId table, Collection<?> keys) implements KernelOp {
        @Override
        public int size() {
            return keys.size();
        }
    }
}
