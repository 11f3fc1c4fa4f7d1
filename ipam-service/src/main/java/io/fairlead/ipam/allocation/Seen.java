package io.fairlead.ipam.allocation;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.TxnResult;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a read of several keys found, all as of one revision.
 *
 * @param asked the keys that were read
 * @param entries those that were there
 */
record Seen(Set<String> asked, Map<String, KeyValue> entries) {
    /** Nothing was read. */
    static final Seen NOTHING = new Seen(Set.of(), Map.of());

    /** The answers to these reads. */
    static Seen of(List<Op> reads, TxnResult result) {
        Set<String> asked = new HashSet<>();
        reads.forEach(op -> asked.add(op.key()));
        Map<String, KeyValue> entries = new HashMap<>();
        result.reads().forEach(list -> list.forEach(entry -> entries.put(entry.key(), entry)));
        return new Seen(asked, entries);
    }

    Optional<KeyValue> get(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    /** The value of a key, or what is assumed of it when it was not read. */
    Optional<String> valueOr(String key, Optional<String> assumed) {
        return asked.contains(key) ? get(key).map(KeyValue::value) : assumed;
    }
}
