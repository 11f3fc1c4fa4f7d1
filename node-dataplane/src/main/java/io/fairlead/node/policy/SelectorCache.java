package io.fairlead.node.policy;

import io.fairlead.contract.Label;
import io.fairlead.contract.policy.Peer;
import io.fairlead.contract.policy.Selector;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All identities, and which of them the peers that rules name are.
 *
 * <p>A peer is looked up among all identities once; after that only identities that change are looked at.
 */
final class SelectorCache {
    private final Map<Integer, Identity> identities = new HashMap<>(Identity.RESERVED_ONES); // owned by: reconciler
    private final Map<Peer, Set<Integer>> selections = new HashMap<>(); // owned by: reconciler
    private final Map<KeyValue, Set<Integer>> byLabel = new HashMap<>(); // owned by: reconciler

    private record KeyValue(String key, String value) {}

    SelectorCache() {
        identities.values().forEach(this::index);
    }

    @Nullable
    Identity identity(int id) {
        return identities.get(id);
    }

    /** The identities a peer is. The set changes with them. */
    Set<Integer> of(Peer peer) {
        Set<Integer> known = selections.get(peer);
        if (known == null) {
            known = new HashSet<>();
            for (int id : candidates(peer)) {
                if (identities.get(id).is(peer)) {
                    known.add(id);
                }
            }
            selections.put(peer, known);
        }
        return Collections.unmodifiableSet(known);
    }

    /**
     * Takes changed identities in.
     *
     * @return the peers that are now others, with the identities that came and went
     */
    Map<Peer, Set<Integer>> change(Map<Integer, Identity> upserts, Set<Integer> removed) {
        for (Identity identity : upserts.values()) {
            unindex(identities.put(identity.id(), identity));
            index(identity);
        }
        removed.forEach(id -> unindex(identities.remove(id)));
        Map<Peer, Set<Integer>> changed = new HashMap<>();
        selections.forEach((peer, selected) -> {
            upserts.values().forEach(identity -> {
                if (identity.is(peer) ? selected.add(identity.id()) : selected.remove(identity.id())) {
                    changed.computeIfAbsent(peer, p -> new HashSet<>()).add(identity.id());
                }
            });
            removed.forEach(id -> {
                if (selected.remove(id)) {
                    changed.computeIfAbsent(peer, p -> new HashSet<>()).add(id);
                }
            });
        });
        return changed;
    }

    /** Forgets peers nobody asks for any more. */
    void keep(Set<Peer> peers) {
        selections.keySet().retainAll(peers);
    }

    /** The identities a peer can be: those with the rarest of the labels it must have. */
    private Collection<Integer> candidates(Peer peer) {
        Collection<Integer> fewest = identities.keySet();
        if (peer instanceof Peer.Labelled labelled) {
            for (Selector.Requirement requirement : labelled.selector().requirements()) {
                if (requirement.operator() != Selector.Operator.IN) {
                    continue;
                }
                Set<Integer> having = new HashSet<>();
                for (String value : requirement.values()) {
                    having.addAll(byLabel.getOrDefault(new KeyValue(requirement.key(), value), Set.of()));
                }
                fewest = having.size() < fewest.size() ? having : fewest;
            }
        }
        return fewest;
    }

    private void index(Identity identity) {
        for (Label label : identity.labels()) {
            byLabel.computeIfAbsent(new KeyValue(label.key(), label.value()), l -> new HashSet<>())
                    .add(identity.id());
        }
    }

    private void unindex(@Nullable Identity identity) {
        if (identity == null) {
            return;
        }
        for (Label label : identity.labels()) {
            byLabel.computeIfPresent(new KeyValue(label.key(), label.value()), (l, ids) -> {
                ids.remove(identity.id());
                return ids.isEmpty() ? null : ids;
            });
        }
    }
}
