package io.fairlead.node.policy;

import io.fairlead.contract.policy.Peer;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A rule set under an id of the kernel's table, with the entries it comes to.
 *
 * <p>Identities that come and go change entries in place. Within one identity no allow lies within a deny: the kernel
 * takes the longest match, and a deny counts whatever is more specific.
 */
final class PolicySet {
    private static final Map<PolicyKey, PolicyEntry> NOTHING = Map.of();

    private final int id;
    private final RuleSet rules;
    private final int maxEntries;
    private final Map<BitSet, List<Judgement>> judgements = new HashMap<>(); // owned by: reconciler
    private final Map<Integer, List<PolicyKey>> keys = new HashMap<>(); // owned by: reconciler
    private final Set<Integer> leftOut = new HashSet<>(); // owned by: reconciler
    private final Set<Peer> peers = new HashSet<>();
    private final List<List<Set<Integer>>> selected = new ArrayList<>(); // owned by: reconciler
    private Map<PolicyKey, PolicyEntry> entries = NOTHING; // owned by: reconciler
    private int wanted; // owned by: reconciler

    private record Judgement(boolean ingress, PortBlock block, boolean deny, int rule) {}

    private record Place(boolean ingress, PortBlock block) {}

    /**
     * @param id 0 for rules that are none
     * @param maxEntries most entries; with more it {@link #isTooLarge}
     */
    PolicySet(int id, RuleSet rules, int maxEntries) {
        this.id = id;
        this.rules = rules;
        this.maxEntries = maxEntries;
        rules.lines().forEach(line -> peers.addAll(line.peers()));
    }

    int id() {
        return id;
    }

    RuleSet rules() {
        return rules;
    }

    /** The peers its rules name. */
    Set<Peer> peers() {
        return Collections.unmodifiableSet(peers);
    }

    PolicyRef ref() {
        return new PolicyRef(id, rules.ingress(), rules.egress(), rules.audit());
    }

    /** The entries; the map does not change, a later call may give another. */
    Map<PolicyKey, PolicyEntry> entries() {
        return entries;
    }

    /** How many entries it comes to, those left out among them. */
    int wanted() {
        return wanted;
    }

    int maxEntries() {
        return maxEntries;
    }

    /** More entries than it may have: it has none. */
    boolean isTooLarge() {
        return wanted > maxEntries && entries.isEmpty();
    }

    /** Identities that came when it was full: what rules say of them is not in the entries, unless they deny. */
    int leftOut() {
        return leftOut.size();
    }

    /** Works all entries out. */
    void compute(SelectorCache cache) {
        Map<Integer, BitSet> lines = new LinkedHashMap<>();
        selected.clear();
        for (int i = 0; i < rules.lines().size(); i++) {
            RuleSet.Line line = rules.lines().get(i);
            int at = i;
            if (line.everybody()) {
                lines.computeIfAbsent(0, peer -> new BitSet()).set(at);
            }
            List<Set<Integer>> named = line.peers().stream().map(cache::of).toList();
            named.forEach(ids -> ids.forEach(
                    id -> lines.computeIfAbsent(id, peer -> new BitSet()).set(at)));
            selected.add(named);
        }
        keys.clear();
        leftOut.clear();
        wanted = lines.values().stream().mapToInt(bits -> judge(bits).size()).sum();
        entries = NOTHING;
        if (wanted <= maxEntries) {
            Map<PolicyKey, PolicyEntry> all = new HashMap<>(wanted * 2);
            lines.forEach((identity, bits) -> put(identity, judge(bits), all));
            entries = Collections.unmodifiableMap(all);
        }
    }

    /** Brings entries of identities in line with what peers are now. */
    void update(Map<Peer, Set<Integer>> changed, SelectorCache cache) {
        Set<Integer> touched = new HashSet<>();
        changed.forEach((peer, identities) -> {
            if (peers.contains(peer)) {
                touched.addAll(identities);
            }
        });
        if (touched.isEmpty()) {
            return;
        }
        if (isTooLarge()) {
            compute(cache);
            return;
        }
        touched.addAll(leftOut);
        leftOut.clear();
        Map<PolicyKey, PolicyEntry> after = new HashMap<>(entries);
        for (int identity : touched) {
            List<PolicyKey> gone = keys.remove(identity);
            if (gone != null) {
                gone.forEach(after::remove);
            }
        }
        wanted = after.size();
        for (int identity : touched) {
            List<Judgement> judged = judge(lines(identity));
            wanted += judged.size();
            if (after.size() + judged.size() > maxEntries) {
                leftOut.add(identity);
                judged = closed(judged);
            }
            put(identity, judged, after);
        }
        entries = Collections.unmodifiableMap(after);
    }

    private BitSet lines(int identity) {
        BitSet lines = new BitSet();
        for (int i = 0; i < selected.size(); i++) {
            if (selected.get(i).stream().anyMatch(ids -> ids.contains(identity))) {
                lines.set(i);
            }
        }
        return lines;
    }

    private void put(int identity, List<Judgement> judged, Map<PolicyKey, PolicyEntry> into) {
        if (judged.isEmpty()) {
            return;
        }
        List<PolicyKey> own = new ArrayList<>(judged.size());
        for (Judgement entry : judged) {
            PortBlock block = entry.block();
            PolicyKey key = new PolicyKey(id, entry.ingress(), identity, block.protocol(), block.port(), block.bits());
            into.put(key, new PolicyEntry(entry.deny(), entry.rule()));
            own.add(key);
        }
        keys.put(identity, own);
    }

    /** Of an identity there is no room for: nothing, or where something is denied everything is. */
    private static List<Judgement> closed(List<Judgement> judged) {
        Map<Boolean, Judgement> denied = new HashMap<>();
        for (Judgement entry : judged) {
            if (entry.deny()) {
                denied.putIfAbsent(entry.ingress(), new Judgement(entry.ingress(), PortBlock.ANY, true, entry.rule()));
            }
        }
        return List.copyOf(denied.values());
    }

    /** What some lines say together of one identity. */
    private List<Judgement> judge(BitSet lines) {
        return judgements.computeIfAbsent(lines, this::work);
    }

    private List<Judgement> work(BitSet lines) {
        Map<Place, Judgement> places = new LinkedHashMap<>();
        lines.stream().mapToObj(rules.lines()::get).forEach(line -> {
            for (PortBlock block : line.blocks()) {
                Place place = new Place(line.ingress(), block);
                Judgement before = places.get(place);
                if (before == null || (line.deny() && !before.deny())) {
                    places.put(place, new Judgement(line.ingress(), block, line.deny(), line.rule()));
                }
            }
        });
        return places.values().stream()
                .filter(entry -> entry.deny() || !isDenied(entry, places))
                .toList();
    }

    private static boolean isDenied(Judgement allow, Map<Place, Judgement> places) {
        PortBlock block = allow.block();
        while (!block.equals(PortBlock.ANY)) {
            block = block.around();
            Judgement around = places.get(new Place(allow.ingress(), block));
            if (around != null && around.deny()) {
                return true;
            }
        }
        return false;
    }
}
