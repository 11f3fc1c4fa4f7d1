package io.fairlead.node.reconcile;

import io.fairlead.node.kernel.NextHop;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which id of the agent's own range a next hop has in the kernel.
 *
 * <p>What is there keeps its id, so that a restarted agent changes nothing; what is new gets the lowest free one.
 */
final class NextHopIds {
    private final int first;
    private final int last;
    private final Map<NextHop, Integer> byHop = new HashMap<>(); // owned by: reconciler
    private final TreeMap<Integer, NextHop> byId = new TreeMap<>(); // owned by: reconciler
    private int searchFrom; // owned by: reconciler

    NextHopIds(int first, int last) {
        this.first = first;
        this.last = last;
        this.searchFrom = first;
    }

    /** Takes note of what the kernel holds; what was given out before stays. */
    void observe(Map<Integer, NextHop> observed) {
        observed.forEach((id, hop) -> {
            if (!byId.containsKey(id) && !byHop.containsKey(hop)) {
                put(id, hop);
            }
        });
    }

    /** The id of a next hop; empty when all ids of the range are in use. */
    OptionalInt of(NextHop hop) {
        Integer known = byHop.get(hop);
        if (known != null) {
            return OptionalInt.of(known);
        }
        int id = searchFrom;
        while (byId.containsKey(id)) {
            id++;
        }
        if (id > last) {
            searchFrom = id;
            return OptionalInt.empty();
        }
        put(id, hop);
        searchFrom = id + 1;
        return OptionalInt.of(id);
    }

    /** What to say when there is none left. */
    String exhausted() {
        return "nexthop ids: all of " + first + " to " + last + " in use (expected: fewer nodes)";
    }

    /** Frees every id but these. */
    void keep(Set<Integer> ids) {
        if (byId.size() == ids.size()) {
            return;
        }
        byId.keySet().removeIf(id -> !ids.contains(id));
        byHop.values().removeIf(id -> !ids.contains(id));
        searchFrom = first;
    }

    private void put(int id, NextHop hop) {
        byId.put(id, hop);
        byHop.put(hop, id);
    }
}
