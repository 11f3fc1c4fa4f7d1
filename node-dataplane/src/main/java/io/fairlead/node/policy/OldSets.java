package io.fairlead.node.policy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.policy.Peer;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Sets that are no longer wanted: they stay while somebody is judged by them, and a moment longer, for packets on their
 * way through the programs.
 *
 * <p>They follow identities that come, so that nothing is dropped that both they and their successors allow. Sets of an
 * earlier agent have no rules: an identity of a prefix gets what they say of the identity its addresses had.
 */
final class OldSets {
    private final Map<Integer, PolicySet> own = new HashMap<>(); // owned by: reconciler
    private final Map<Integer, Map<PolicyKey, PolicyEntry>> foreign = new HashMap<>(); // owned by: reconciler
    private final Map<Integer, Long> since = new HashMap<>(); // owned by: reconciler

    void add(PolicySet set, long round) {
        if (set.id() != 0) {
            own.put(set.id(), set);
            since.put(set.id(), round);
        }
    }

    /** Takes note of a set in the kernel that is nobody's and judges somebody. */
    void addForeign(int id, Map<PolicyKey, PolicyEntry> entries, long round) {
        if (!foreign.containsKey(id)) {
            foreign.put(id, entries);
            since.put(id, round);
        }
    }

    boolean contains(int id) {
        return since.containsKey(id);
    }

    boolean isEmpty() {
        return since.isEmpty();
    }

    Set<Integer> ids() {
        return Collections.unmodifiableSet(since.keySet());
    }

    /** A set of an earlier agent's that is wanted after all. */
    void takeBack(int id) {
        own.remove(id);
        foreign.remove(id);
        since.remove(id);
    }

    void update(Map<Peer, Set<Integer>> changed, SelectorCache cache) {
        own.values().forEach(set -> set.update(changed, cache));
    }

    /** Says of prefixes that get an identity what was said of their addresses until now. */
    void follow(Map<Cidr, Integer> prefixes, InKernel kernel) {
        if (foreign.isEmpty()) {
            return;
        }
        prefixes.forEach((prefix, id) -> {
            boolean mapped = kernel.ipcache().containsKey(prefix)
                    && kernel.ipcache().get(prefix).identity().value() == id;
            if (!mapped) {
                kernel.identityOf(prefix)
                        .ifPresent(before -> foreign.replaceAll((set, entries) -> copied(entries, before, id)));
            }
        });
    }

    private static Map<PolicyKey, PolicyEntry> copied(Map<PolicyKey, PolicyEntry> entries, int from, int to) {
        Map<PolicyKey, PolicyEntry> more = new HashMap<>();
        for (Map.Entry<PolicyKey, PolicyEntry> entry : entries.entrySet()) {
            PolicyKey key = entry.getKey();
            if (key.identity() == to) {
                return entries;
            }
            if (key.identity() == from) {
                more.put(
                        new PolicyKey(key.policy(), key.ingress(), to, key.protocol(), key.port(), key.portBits()),
                        entry.getValue());
            }
        }
        if (more.isEmpty()) {
            return entries;
        }
        more.putAll(entries);
        return Collections.unmodifiableMap(more);
    }

    /** Forgets sets added up to a round that judge nobody. */
    void forget(long upTo, Set<Integer> referenced) {
        since.entrySet().removeIf(entry -> {
            boolean gone = entry.getValue() <= upTo && !referenced.contains(entry.getKey());
            if (gone) {
                own.remove(entry.getKey());
                foreign.remove(entry.getKey());
            }
            return gone;
        });
    }

    /** Those with rules. */
    Collection<PolicySet> own() {
        return Collections.unmodifiableCollection(own.values());
    }

    void addEntries(Map<Integer, Map<PolicyKey, PolicyEntry>> into) {
        own.forEach((id, set) -> into.put(id, set.entries()));
        into.putAll(foreign);
    }
}
