package io.fairlead.soak.client;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One node's table: a reference a key of its dictionary. Guarded by whoever owns it. */
final class NodeTable {
    private final Dictionary dictionary;
    private @Nullable Object[] values = new Object[64];
    private int size;

    NodeTable(Dictionary dictionary) {
        this.dictionary = dictionary;
    }

    NodeTable copy() {
        NodeTable copy = new NodeTable(dictionary);
        copy.values = values.clone();
        copy.size = size;
        return copy;
    }

    void put(Object key, Object value) {
        int number = dictionary.number(key);
        if (number >= values.length) {
            values = Arrays.copyOf(values, Math.max(number + 1, values.length * 3 / 2));
        }
        size += values[number] == null ? 1 : 0;
        values[number] = dictionary.value(value);
    }

    void remove(Object key) {
        int number = dictionary.number(key);
        if (number < values.length && values[number] != null) {
            values[number] = null;
            size--;
        }
    }

    @Nullable
    Object get(Object key) {
        int number = dictionary.number(key);
        return number < values.length ? values[number] : null;
    }

    int size() {
        return size;
    }

    Map<Object, Object> toMap() {
        Map<Object, Object> map = new HashMap<>();
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value != null) {
                map.put(dictionary.key(i), value);
            }
        }
        return map;
    }
}
