package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.ipam.pool.Pool;
import io.fairlead.ipam.pool.Pools;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes a node known, with what it has, what it says it has, and a block of each family it wants and lacks.
 *
 * <p>Pure but for the questions it asks {@link Occupancy}: about pools, and about nodes that hold no claim (written by
 * Cilium).
 */
record Registering(IpamKeys keys, Occupancy occupancy, RecordWriter records, Owner owner, Registration asked)
        implements Work {
    @Override
    public String pool() {
        return asked.wants().pool();
    }

    @Override
    public boolean startsFromNothing() {
        return !occupancy.knows(owner);
    }

    @Override
    public List<Op> firstReads() {
        return NodeState.reads(keys, owner);
    }

    @Override
    public Plan plan(Seen seen, Choice choice) {
        checkOuter(occupancy.pools());
        NodeState state = NodeState.of(keys, owner, seen);
        Optional<Claim> claim = state.claimed();
        List<Cidr> had = claim.map(Claim::podCidrs).orElseGet(() -> recorded(state));
        checkConflict(had);
        Optional<Plan> namesake = checkName(state, choice);
        if (namesake.isPresent()) {
            return namesake.get();
        }
        Set<Cidr> wanted = new LinkedHashSet<>(had);
        wanted.addAll(asked.wants().requested());
        Set<Cidr> given = Set.copyOf(wanted);
        for (Ip.Family family : families(had)) {
            if (wanted.stream().noneMatch(c -> c.family() == family)) {
                Optional<Cidr> chosen = choice.chosen(family);
                if (chosen.isEmpty()) {
                    return new Plan.Choose(family);
                }
                wanted.add(chosen.get());
            }
        }
        checkInner(wanted);
        Change change = new Change();
        for (Cidr block : wanted) {
            boolean held = claim.filter(c -> c.podCidrs().contains(block)).isPresent();
            Optional<Plan> obstacle = claim(change, seen, choice, block, held, given.contains(block));
            if (obstacle.isPresent()) {
                return obstacle.get();
            }
        }
        Optional<Plan> doubt = claimAddresses(change, seen, choice, claim);
        return doubt.orElseGet(() -> write(change, state, claim, List.copyOf(wanted)));
    }

    private Plan write(Change change, NodeState state, Optional<Claim> claim, List<Cidr> blocks) {
        Claim after = new Claim(
                blocks, asked.ownAddresses(), claim.map(Claim::requests).orElse(java.util.Map.of()));
        write(change, keys.node(owner), state.claim(), after.encoded());
        write(change, keys.record(owner), state.record(), records.encode(owner, asked, blocks));
        return change.isEmpty()
                ? new Plan.Nothing(new Registered(blocks, state.revision(), false))
                : Plan.Write.of(blocks, change);
    }

    /** What a record without a claim says: Cilium gave the node these CIDRs. */
    private List<Cidr> recorded(NodeState state) {
        if (state.record().isEmpty()) {
            return List.of();
        }
        NodeRecord record = state.recorded()
                .orElseThrow(() -> unreadable(state.record().orElseThrow().key()));
        return record.networks().podCidrs();
    }

    static IpamException unreadable(String key) {
        return new IpamException(
                Reason.REFUSED,
                "store key " + key + ": cannot be read, so the CIDR of its node is not known (expected: a node record;"
                        + " repair or delete it, or: fairlead node release "
                        + key.substring(key.lastIndexOf('/') + 1) + ")");
    }

    /** The families it is to have a block of. */
    private Set<Ip.Family> families(List<Cidr> had) {
        Pool pool = occupancy
                .pools()
                .get(pool())
                .orElseThrow(() -> new IpamException(Reason.NOT_FOUND, "pool: " + pool() + " is not there any more"));
        Set<Ip.Family> wants = EnumSet.noneOf(Ip.Family.class);
        wants.addAll(asked.wants().families());
        for (Ip.Family family : wants) {
            if (pool.family(family).isEmpty()) {
                throw new IpamException(
                        Reason.INVALID,
                        "ip_versions: " + ClusterPool.text(family) + " (expected: a family of pool " + pool + ")");
            }
            asked.checkReachable(family);
        }
        if (wants.isEmpty()) {
            wants.addAll(pool.families().keySet());
            wants.retainAll(asked.ownFamilies());
        }
        if (wants.isEmpty() && had.isEmpty() && asked.wants().requested().isEmpty()) {
            pool.families().keySet().forEach(asked::checkReachable);
            throw new IpamException(Reason.REFUSED, "pool " + pool + " (expected: a pool with CIDRs)");
        }
        return wants;
    }

    private void checkOuter(Pools pools) {
        for (NodeAddress address : asked.addresses()) {
            boolean outer = switch (address.kind()) {
                case INTERNAL, EXTERNAL -> true;
                case HOSTNAME, ROUTER -> false;
            };
            Optional<Pools.Place> around = outer ? pools.containing(address.ip()) : Optional.empty();
            if (around.isPresent()) {
                Pools.Place place = around.get();
                String what = place.pool().equals(Pool.DEFAULT)
                        ? ClusterPool.Names.of(address.ip().family()).cidrs()
                        : "pool " + place.pool();
                throw new IpamException(
                        Reason.INVALID,
                        what + ": " + place.cidr() + " contains address " + address.ip() + " of node " + asked.node()
                                + " (expected: a pool that does not overlap the nodes' network)");
            }
        }
    }

    /** What nodes have acknowledged is known by their names alone, so a new one must not have that of another cluster's. */
    private Optional<Plan> checkName(NodeState state, Choice choice) {
        if (state.claim().isPresent() || state.record().isPresent()) {
            return Optional.empty();
        }
        return occupancy
                .namesake(owner, choice.gone)
                .map(other -> new Plan.Doubt(
                        other.key(),
                        new IpamException(
                                Reason.CONFLICT,
                                "node name: " + owner.node() + " (expected: one of its own in this store, "
                                        + other.holder() + " of another cluster has it)")));
    }

    private void checkConflict(List<Cidr> had) {
        List<Cidr> requested = asked.wants().requested();
        for (Ip.Family family : Ip.Family.values()) {
            List<Cidr> has = had.stream().filter(c -> c.family() == family).toList();
            List<Cidr> asks =
                    requested.stream().filter(c -> c.family() == family).toList();
            if (!has.isEmpty() && !asks.isEmpty() && has.stream().noneMatch(asks::contains)) {
                throw new IpamException(
                        Reason.CONFLICT,
                        "node has CIDRs allocated (" + Registration.joined(has)
                                + ") that conflict with requested CIDRs " + Registration.joined(asks));
            }
        }
        List<Cidr> all = new ArrayList<>(requested);
        all.removeAll(had);
        if (had.size() + all.size() > MoreBlocks.MOST) {
            throw new IpamException(
                    Reason.REFUSED,
                    "node " + owner.node() + ": " + (had.size() + all.size()) + " pod CIDRs (expected: at most "
                            + MoreBlocks.MOST + ")");
        }
    }

    private void checkInner(Set<Cidr> blocks) {
        Optional<Ip> outside = asked.innerAddresses()
                .filter(ip -> blocks.stream().noneMatch(block -> block.contains(ip)))
                .findFirst();
        if (outside.isPresent()) {
            throw new IpamException(
                    Reason.INVALID,
                    "router or health address: " + outside.get() + " of node " + asked.node()
                            + " (expected: inside its pod CIDR " + Registration.joined(blocks) + ")");
        }
    }

    private Optional<Plan> claim(Change change, Seen seen, Choice choice, Cidr block, boolean held, boolean given) {
        if (!held && given) {
            Optional<Plan> doubt = checkUnclaimed(block, choice);
            if (doubt.isPresent()) {
                return doubt;
            }
        }
        Blocks blocks = new Blocks(keys, occupancy, owner);
        Blocks.Result result = held ? blocks.keep(change, seen, block) : blocks.claim(change, seen, block);
        if (result == Blocks.Result.CLAIMED) {
            return Optional.empty();
        }
        if (given) {
            throw Blocks.refusal(result, block);
        }
        return Optional.of(new Plan.Lost(block));
    }

    /** Whether a CIDR the node says it has can be its own. */
    private Optional<Plan> checkUnclaimed(Cidr cidr, Choice choice) {
        Pools pools = occupancy.pools();
        Optional<Pools.Place> place = pools.overlapping(cidr);
        if (place.isEmpty()) {
            throw new IpamException(
                    Reason.INVALID,
                    pools.has(cidr.family())
                            ? "allocator not configured for the requested CIDR " + cidr
                            : "unable to allocate CIDR " + cidr + " since allocator for "
                                    + ClusterPool.text(cidr.family()) + " addresses does not exist");
        }
        ClusterPool family = place.get().family();
        if (!family.isBlock(cidr)) {
            throw new IpamException(
                    Reason.INVALID,
                    "allocator not configured for the requested CIDR " + cidr + " (expected: prefix length "
                            + family.maskSize() + ", as pool " + place.get().pool() + " has it)");
        }
        asked.checkReachable(cidr.family());
        Optional<Occupancy.Held> other = occupancy.otherHolder(cidr, owner, choice.gone);
        if (other.isPresent()) {
            boolean withheld = other.get().key().startsWith(keys.withheld());
            return Optional.of(new Plan.Doubt(
                    other.get().key(),
                    Blocks.refusal(withheld ? Blocks.Result.WITHHELD : Blocks.Result.ANOTHERS, cidr)));
        }
        Optional<String> unknown = occupancy.unknownHolder().filter(key -> !choice.gone.contains(key));
        return unknown.map(key -> new Plan.Doubt(key, unreadable(key)));
    }

    private Optional<Plan> claimAddresses(Change change, Seen seen, Choice choice, Optional<Claim> claim) {
        String self = owner.toString();
        Set<Ip> before =
                new LinkedHashSet<>(claim.map(Claim::addresses).orElse(java.util.Collections.emptyNavigableSet()));
        for (Ip ip : asked.ownAddresses()) {
            String key = keys.address(ip);
            Optional<String> user = seen.valueOr(key, before.contains(ip) ? Optional.of(self) : Optional.empty());
            if (user.isPresent() && !user.get().equals(self)) {
                throw anothers(ip, user.get());
            }
            Optional<Occupancy.Held> other =
                    before.contains(ip) ? Optional.empty() : occupancy.otherUser(ip, owner, choice.gone);
            if (other.isPresent()) {
                return Optional.of(new Plan.Doubt(
                        other.get().key(), anothers(ip, other.get().holder())));
            }
            if (user.isEmpty()) {
                change.create(key, self);
            } else {
                change.require(key, self);
            }
        }
        before.removeAll(asked.ownAddresses());
        Blocks blocks = new Blocks(keys, occupancy, owner);
        before.forEach(ip -> blocks.give(change, seen, keys.address(ip)));
        return Optional.empty();
    }

    private IpamException anothers(Ip ip, String other) {
        String name = other.substring(other.indexOf('/') + 1);
        return new IpamException(
                Reason.CONFLICT,
                "node address: " + ip + " of node " + owner.node() + " (expected: an address of its own, it is " + other
                        + "'s; if that was this node's name: fairlead node release " + name + ")");
    }

    private static void write(Change change, String key, Optional<KeyValue> entry, String value) {
        change.guard(key, entry);
        if (!entry.map(KeyValue::value).equals(Optional.of(value))) {
            change.put(key, value);
        }
    }
}
