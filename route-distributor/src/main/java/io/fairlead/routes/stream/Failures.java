package io.fairlead.routes.stream;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a node could not do, made small enough to be told to all replicas: a device that is down fails thousands of routes
 * at once, on many nodes, and a store takes no values of that size.
 */
final class Failures {
    /** Stands for the routes that are not named. */
    static final String OTHERS = "*";

    private static final int NAMED = 8;

    private Failures() {}

    /** The first few by CIDR, and how many more there are. */
    static Map<String, String> few(Map<String, String> failed) {
        if (failed.size() <= NAMED) {
            return failed;
        }
        Map<String, String> few = new TreeMap<>();
        new TreeMap<>(failed)
                .entrySet().stream().limit(NAMED).forEach(entry -> few.put(entry.getKey(), entry.getValue()));
        few.put(OTHERS, failed.size() - NAMED + " more");
        return few;
    }

    /** One sentence: "3 routes refused: 10.244.1.0/24: no route found", "8 routes refused and 92 more: …". */
    static String text(Map<String, String> failed) {
        TreeMap<String, String> named = new TreeMap<>(failed);
        String more = named.remove(OTHERS);
        Map.Entry<String, String> first = named.firstEntry();
        if (first == null) {
            return "routes refused: " + more;
        }
        return named.size() + (named.size() == 1 ? " route refused" : " routes refused")
                + (more == null ? ": " : " and " + more + ": ") + first.getKey() + ": " + first.getValue();
    }
}
