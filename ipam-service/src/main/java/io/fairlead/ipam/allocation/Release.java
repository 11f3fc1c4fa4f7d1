package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.kvstore.Op;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Takes everything from a node. Its blocks are withheld, and so is what its record said; a claim key that turns out to be
 * another node's stays. A claim or record that cannot be read goes as well, with every block that is kept under the node's
 * name: that is the way to get rid of it.
 *
 * @param asOf revision the caller saw the node at, 0 for whichever there is: a request that is carried out late, after the
 *     node was released and registered anew, changes nothing
 */
record Release(IpamKeys keys, Occupancy occupancy, Owner owner, long asOf) implements Work {
    @Override
    public String pool() {
        return "";
    }

    @Override
    public List<Op> firstReads() {
        return NodeState.reads(keys, owner);
    }

    @Override
    public Plan plan(Seen seen, Choice choice) {
        NodeState state = NodeState.of(keys, owner, seen);
        state.checkAsOf(owner, asOf);
        Blocks blocks = new Blocks(keys, occupancy, owner);
        Change change = new Change();
        change.guard(keys.node(owner), state.claim());
        change.guard(keys.record(owner), state.record());
        Set<Cidr> claimed = new TreeSet<>();
        state.claim().ifPresent(entry -> {
            change.delete(keys.node(owner));
            Optional<Claim> claim = state.readableClaim();
            claimed.addAll(claim.map(Claim::podCidrs).orElseGet(() -> occupancy.claimed(owner)));
            claimed.forEach(block -> blocks.withdraw(change, seen, block));
            for (Ip ip : claim.<Collection<Ip>>map(Claim::addresses).orElseGet(() -> occupancy.addresses(owner))) {
                blocks.give(change, seen, keys.address(ip));
            }
        });
        if (state.record().isPresent()) {
            change.delete(keys.record(owner));
            routed(state).stream()
                    .filter(cidr -> !claimed.contains(cidr))
                    .filter(cidr -> occupancy.pools().overlapping(cidr).isPresent())
                    .forEach(cidr -> change.put(keys.withheld(cidr), Withheld.text(owner.toString())));
        }
        if (change.isEmpty()) {
            return new Plan.Nothing(new Registered(List.of(), 0, false));
        }
        return Plan.Write.of(List.of(), change);
    }

    /** What other nodes may have routes for: what the record says, or said when it could be read. */
    private Set<Cidr> routed(NodeState state) {
        return new TreeSet<>(state.recorded()
                .map(NodeRecord::networks)
                .map(NodeRecord.Networks::podCidrs)
                .orElseGet(() -> occupancy.lastKnown(owner)));
    }
}
