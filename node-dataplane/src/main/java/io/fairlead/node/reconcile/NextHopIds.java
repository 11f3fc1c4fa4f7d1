package io.fairlead.node.reconcile;

import io.fairlead.node.desired.PersistentMap;
import io.fairlead.node.kernel.NextHop;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Which id of the agent's own range a next hop has in the kernel, and how many routes go there.
 *
 * <p>What is there keeps its id, so that a restarted agent changes nothing; what is new gets the lowest free one. An id is
 * free when no route needs it and the kernel does not hold it.
 */
final class NextHopIds {
    private final int first;
    private final int last;
    private final Map<NextHop, Integer> byHop = new HashMap<>(); // owned by: reconciler
    private final Map<Integer, NextHop> byId = new HashMap<>(); // owned by: reconciler
    private final Map<Integer, Integer> uses = new HashMap<>(); // owned by: reconciler
    private Map<Integer, NextHop> observed = Map.of(); // owned by: reconciler
    private int searchFrom; // owned by: reconciler; every id below is in use

    NextHopIds(int first, int last) {
        this.first = first;
        this.last = last;
        this.searchFrom = first;
    }

    /** The same range with nothing given out. */
    NextHopIds anew() {
        return new NextHopIds(first, last);
    }

    /** Takes note of what the kernel holds; what routes need stays. */
    void observe(Map<Integer, NextHop> now) {
        Map<Integer, NextHop> found = new HashMap<>();
        PersistentMap.differences(observed, now, (id, before, after) -> {
            if (!uses.containsKey(id)) {
                free(id);
                if (after != null) {
                    found.put(id, after);
                }
            }
        });
        observed = now;
        found.forEach((id, hop) -> {
            if (!byHop.containsKey(hop)) {
                put(id, hop);
            }
        });
    }

    /** The id of a next hop that a route more needs; empty when all ids of the range are in use. */
    OptionalInt use(NextHop hop) {
        Integer known = byHop.get(hop);
        int id = known != null ? known : free();
        if (id > last) {
            return OptionalInt.empty();
        }
        if (known == null) {
            put(id, hop);
        }
        uses.merge(id, 1, Integer::sum);
        return OptionalInt.of(id);
    }

    /** A route less needs an id; true when it was the last. */
    boolean release(int id) {
        boolean unused = uses.merge(id, -1, Integer::sum) == 0;
        if (unused) {
            uses.remove(id);
            if (!observed.containsKey(id)) {
                free(id);
            }
        }
        return unused;
    }

    /** Whether a next hop without an id would get one. */
    boolean hasFree() {
        return free() <= last;
    }

    /** What to say when there is none left. */
    String exhausted() {
        return "nexthop ids: all of " + first + " to " + last + " in use (expected: fewer nodes)";
    }

    private int free() {
        while (byId.containsKey(searchFrom)) {
            searchFrom++;
        }
        return searchFrom;
    }

    private void free(int id) {
        NextHop hop = byId.remove(id);
        if (hop != null) {
            byHop.remove(hop);
        }
        searchFrom = Math.max(first, Math.min(searchFrom, id));
    }

    private void put(int id, NextHop hop) {
        byId.put(id, hop);
        byHop.put(hop, id);
    }
}
