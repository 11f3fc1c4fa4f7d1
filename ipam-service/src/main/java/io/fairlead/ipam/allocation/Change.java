package io.fairlead.ipam.allocation;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Collects the steps of one transaction; when a condition fails, it reads every key a condition names. */
final class Change {
    private final List<Condition> conditions = new ArrayList<>();
    private final List<Op> steps = new ArrayList<>();

    /** Goes on only if a key is as it was seen. */
    void guard(String key, Optional<KeyValue> seen) {
        conditions.add(seen.<Condition>map(entry -> new Condition.Unchanged(key, entry.modRevision()))
                .orElseGet(() -> new Condition.Missing(key)));
    }

    /** Claims a key that must not be there. */
    void create(String key, String value) {
        conditions.add(new Condition.Missing(key));
        steps.add(Op.put(key, value));
    }

    void require(String key, String value) {
        conditions.add(new Condition.ValueIs(key, value));
    }

    void absent(String key) {
        conditions.add(new Condition.Missing(key));
    }

    void put(String key, String value) {
        steps.add(Op.put(key, value));
    }

    void delete(String key) {
        steps.add(new Op.Delete(key));
    }

    boolean isEmpty() {
        return steps.isEmpty();
    }

    List<Op> reads() {
        Set<String> keys = new LinkedHashSet<>();
        conditions.forEach(condition -> keys.add(condition.key()));
        return keys.stream().<Op>map(Op.Get::new).toList();
    }

    Txn txn() {
        return new Txn(conditions, steps, reads());
    }
}
