package io.fairlead.soak.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What many tables have in common: each key once, with a small number of its own, and each value once.
 *
 * <p>A table is then one array of references. Any thread may call.
 */
public final class Dictionary {
    private final ConcurrentMap<Object, Integer> numbers = new ConcurrentHashMap<>();
    private final List<Object> keys = Collections.synchronizedList(new ArrayList<>());
    private final ConcurrentMap<Object, Object> values = new ConcurrentHashMap<>();

    /** The number of a key, from 0; a new one when the key is new. */
    int number(Object key) {
        Integer known = numbers.get(key);
        return known != null
                ? known
                : numbers.computeIfAbsent(key, fresh -> {
                    synchronized (keys) {
                        keys.add(fresh);
                        return keys.size() - 1;
                    }
                });
    }

    Object key(int number) {
        return keys.get(number);
    }

    /** The one instance of a value. */
    Object value(Object value) {
        Object known = values.putIfAbsent(value, value);
        return known == null ? value : known;
    }
}
