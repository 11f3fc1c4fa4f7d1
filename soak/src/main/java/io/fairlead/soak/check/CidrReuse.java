package io.fairlead.soak.check;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.ProgressRecord;
import io.fairlead.soak.history.Subject;
import io.fairlead.soak.store.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;

/**
 * Finds CIDRs that got another owner before every node that was there at their withdrawal acknowledged it, or is gone.
 *
 * <p>Twice: by what replicas had written of their nodes by then, revision by revision, and by what nodes themselves have
 * at the moment at which the new owner's record is seen, which is later than it was written. For one thread at a time.
 */
final class CidrReuse {
    /** A CIDR nobody has any more. */
    private record Withdrawn(NodeName by, Set<String> hops, long revision, Set<NodeName> silent, Set<NodeName> there) {}

    private final BiFunction<NodeName, Cidr, Optional<String>> hops;
    private final Map<Cidr, Withdrawn> withdrawn = new HashMap<>();
    private final Map<String, List<NodeName>> members = new TreeMap<>();
    private final Map<String, ProgressRecord> reached = new TreeMap<>();
    private final List<Violation> found = new ArrayList<>();

    /**
     * Nothing seen yet.
     *
     * @param hops where a node sends what is for a CIDR at present
     */
    CidrReuse(BiFunction<NodeName, Cidr, Optional<String>> hops) {
        this.hops = hops;
    }

    List<Violation> found() {
        return found;
    }

    /** A node's record has changed from this to that. */
    void record(Change change, Optional<NodeRecord> before, Optional<NodeRecord> after, Set<NodeName> all) {
        Set<Cidr> had = cidrs(before);
        Set<Cidr> has = cidrs(after);
        if (after.isEmpty()) {
            before.ifPresent(gone -> withdrawn.values().forEach(open -> {
                open.silent.remove(gone.name());
                open.there.remove(gone.name());
            }));
        }
        before.ifPresent(old -> had.stream().filter(cidr -> !has.contains(cidr)).forEach(cidr -> {
            Set<NodeName> others = new TreeSet<>(all);
            others.remove(old.name());
            Set<String> ways = new HashSet<>();
            old.routable(cidr.family()).ifPresent(hop -> ways.add(hop.toString()));
            withdrawn.put(cidr, new Withdrawn(old.name(), ways, change.revision(), others, new TreeSet<>(others)));
            acknowledge();
        }));
        after.ifPresent(
                owner -> has.stream().filter(cidr -> !had.contains(cidr)).forEach(cidr -> given(change, owner, cidr)));
    }

    private void given(Change change, NodeRecord owner, Cidr cidr) {
        Withdrawn open = withdrawn.remove(cidr);
        if (open == null || open.by.equals(owner.name())) {
            return;
        }
        Set<NodeName> still = new TreeSet<>(open.there);
        still.removeIf(
                node -> hops.apply(node, cidr).filter(open.hops::contains).isEmpty());
        if (!open.silent.isEmpty() || !still.isEmpty()) {
            found.add(new Violation(
                    Invariant.REUSED_TOO_EARLY,
                    "store revision " + change.revision() + ": " + owner.name() + " was given " + cidr + ", which "
                            + open.by + " gave back at revision " + open.revision + ", not acknowledged by "
                            + open.silent + ", still a route of " + still + " (expected: none)",
                    Subject.node(owner.name().value()),
                    change.seen()));
        }
    }

    /** A replica says how far its nodes are, or which it has. */
    void progress(Change change) {
        String replica = OwnKeys.replica(OwnKeys.Table.ROUTES, change.key()).orElseThrow(IllegalArgumentException::new);
        if (change.key().equals(OwnKeys.members(OwnKeys.Table.ROUTES, replica))) {
            set(members, replica, change.value().map(ProgressRecord::decodeMembers));
        } else {
            set(reached, replica, change.value().map(ProgressRecord::decode));
        }
    }

    /** All changes of a revision have been told. */
    void acknowledge() {
        reached.forEach((replica, record) -> members.getOrDefault(replica, List.of())
                .forEach(node -> withdrawn.values().stream()
                        .filter(open -> record.behind().getOrDefault(node, record.version()) >= open.revision)
                        .forEach(open -> open.silent.remove(node))));
    }

    private static Set<Cidr> cidrs(Optional<NodeRecord> record) {
        return record.<Set<Cidr>>map(there -> new TreeSet<>(there.networks().podCidrs()))
                .orElse(Set.of());
    }

    private static <V> void set(Map<String, V> map, String key, Optional<V> value) {
        value.ifPresentOrElse(there -> map.put(key, there), () -> map.remove(key));
    }
}
