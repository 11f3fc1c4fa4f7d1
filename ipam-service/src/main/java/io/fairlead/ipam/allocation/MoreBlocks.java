package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Gives a known node one more block, or takes one back; its record follows in the same transaction. */
sealed interface MoreBlocks extends Work {
    /** Most blocks of a node: each costs steps of one transaction, of which a store takes 128. */
    int MOST = 24;

    /** Gives one; the same request the same one. */
    record Add(IpamKeys keys, Occupancy occupancy, Owner owner, String pool, Ip.Family family, String request)
            implements MoreBlocks {
        @Override
        public List<Op> firstReads() {
            return NodeState.reads(keys, owner);
        }

        @Override
        public Plan plan(Seen seen, Choice choice) {
            NodeState state = NodeState.of(keys, owner, seen);
            Claim claim = known(state, owner);
            Optional<Cidr> before = Optional.ofNullable(claim.requests().get(request));
            if (before.isPresent()) {
                return new Plan.Nothing(new Registered(List.of(before.get()), state.revision(), false));
            }
            if (claim.podCidrs().size() >= MOST) {
                throw new IpamException(
                        Reason.REFUSED,
                        "node " + owner.node() + ": has " + claim.podCidrs().size() + " pod CIDRs (expected: at most "
                                + MOST + " together; use a pool with larger blocks)");
            }
            Optional<Cidr> chosen = choice.chosen(family);
            if (chosen.isEmpty()) {
                return new Plan.Choose(family);
            }
            Cidr block = chosen.get();
            Change change = new Change();
            if (new Blocks(keys, occupancy, owner).claim(change, seen, block) != Blocks.Result.CLAIMED) {
                return new Plan.Lost(block);
            }
            write(change, keys, owner, state, claim.plus(block, request));
            return Plan.Write.of(List.of(block), change);
        }
    }

    /**
     * Takes one back.
     *
     * @param asOf last revision the node was told, 0 for whichever: a block that it was given since stays
     */
    record Return(IpamKeys keys, Occupancy occupancy, Owner owner, Cidr block, long asOf) implements MoreBlocks {
        @Override
        public String pool() {
            return "";
        }

        @Override
        public List<Op> firstReads() {
            List<Op> reads = new ArrayList<>(NodeState.reads(keys, owner));
            reads.add(new Op.Get(keys.block(block)));
            return reads;
        }

        @Override
        public Plan plan(Seen seen, Choice choice) {
            NodeState state = NodeState.of(keys, owner, seen);
            Optional<Claim> claim = state.claimed();
            if (claim.filter(c -> c.podCidrs().contains(block)).isEmpty()) {
                return new Plan.Nothing(new Registered(List.of(), state.revision(), false));
            }
            long given =
                    seen.get(keys.block(block)).map(KeyValue::createRevision).orElse(0L);
            if (asOf > 0 && given > asOf) {
                throw new IpamException(
                        Reason.REFUSED,
                        "pod CIDR " + block + ": as of revision " + asOf + " (expected: one not before " + given
                                + ", where node " + owner.node() + " was given it anew)");
            }
            if (claim.get().podCidrs(block.family()).size() == 1) {
                throw new IpamException(
                        Reason.REFUSED,
                        "pod CIDR " + block + ": the last of node " + owner.node()
                                + " (expected: one of several of its family; a node that leaves is released)");
            }
            NodeRecord record = record(state, owner);
            inner(record).filter(ip -> block.contains(ip)).findFirst().ifPresent(ip -> {
                throw new IpamException(
                        Reason.REFUSED,
                        "pod CIDR " + block + ": holds router or health address " + ip + " of node " + owner.node()
                                + " (expected: a block without them)");
            });
            Change change = new Change();
            new Blocks(keys, occupancy, owner).withdraw(change, seen, block);
            Claim after = claim.get().minus(block);
            write(change, keys, owner, state, after);
            return Plan.Write.of(after.podCidrs(), change);
        }

        private static Stream<Ip> inner(NodeRecord record) {
            return Stream.of(
                            record.addresses().stream()
                                    .filter(a -> a.type().equals(NodeRecord.Address.CILIUM_INTERNAL))
                                    .map(NodeRecord.Address::ip),
                            record.networks().v4Health().stream(),
                            record.networks().v6Health().stream())
                    .flatMap(s -> s);
        }
    }

    private static Claim known(NodeState state, Owner owner) {
        Claim claim = state.claimed().orElseThrow(() -> unknown(owner));
        record(state, owner);
        return claim;
    }

    private static NodeRecord record(NodeState state, Owner owner) {
        return state.recorded().orElseThrow(() -> unknown(owner));
    }

    private static IpamException unknown(Owner owner) {
        return new IpamException(
                Reason.NOT_FOUND, "node: " + owner.node() + " is not registered (expected: to register first)");
    }

    private static void write(Change change, IpamKeys keys, Owner owner, NodeState state, Claim after) {
        change.guard(keys.node(owner), state.claim());
        change.put(keys.node(owner), after.encoded());
        change.guard(keys.record(owner), state.record());
        String text = state.record().map(KeyValue::value).orElseThrow();
        change.put(keys.record(owner), RecordWriter.withPodCidrs(text, after.podCidrs()));
    }
}
