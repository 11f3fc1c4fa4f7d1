package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Turns a registration and what the store holds into the transaction that carries it out.
 *
 * <p>Pure but for the questions it asks {@link Occupancy} about nodes that hold no claim (written by Cilium).
 */
final class Planner {
    private final IpamKeys keys;
    private final ClusterPool pool;
    private final RecordWriter records;
    private final Occupancy occupancy;

    Planner(IpamKeys keys, ClusterPool pool, RecordWriter records, Occupancy occupancy) {
        this.keys = keys;
        this.pool = pool;
        this.records = records;
        this.occupancy = occupancy;
    }

    /** What must be known before anything can be planned. */
    List<Op> firstReads(Owner owner) {
        return List.of(new Op.Get(keys.maskSize()), new Op.Get(keys.node(owner)), new Op.Get(keys.record(owner)));
    }

    /** Refuses what no state of the store could make right. */
    void check(Registration asked) {
        for (NodeAddress address : asked.addresses()) {
            boolean outer = switch (address.kind()) {
                case INTERNAL, EXTERNAL -> true;
                case HOSTNAME, ROUTER -> false;
            };
            Optional<Cidr> around = outer ? pool.containing(address.ip()) : Optional.empty();
            if (around.isPresent()) {
                throw new IpamException(
                        Reason.INVALID,
                        ClusterPool.CIDR_KEY + ": " + around.get() + " contains address " + address.ip() + " of node "
                                + asked.node() + " (expected: a pool that does not overlap the nodes' network)");
            }
        }
    }

    /**
     * What to do.
     *
     * @param chosen the block chosen for a node that holds none, if one has been
     * @throws IpamException when the request cannot be carried out
     */
    Plan plan(Owner owner, Registration asked, Seen seen, Optional<Cidr> chosen) {
        checkMaskSize(seen);
        Optional<Claim> claim = claim(owner, seen);
        Optional<Cidr> wanted = wanted(owner, asked, seen, claim).or(() -> chosen);
        if (wanted.isEmpty()) {
            return new Plan.Choose();
        }
        Cidr block = wanted.get();
        checkInner(asked, block);
        Change change = new Change();
        String maskSize = Integer.toString(pool.maskSize());
        if (seen.get(keys.maskSize()).isEmpty()) {
            change.create(keys.maskSize(), maskSize);
        } else {
            change.require(keys.maskSize(), maskSize);
        }
        if (!claimBlock(change, owner, seen, claim, block)) {
            if (claim.isEmpty() && chosen.isPresent() && block.equals(chosen.get())) {
                return new Plan.Lost(block);
            }
            throw taken(block);
        }
        claimAddresses(change, owner, asked, seen, claim);
        Claim after = new Claim(block, asked.ownAddresses());
        String record = records.encode(owner, asked, block);
        write(change, keys.node(owner), seen, after.encoded());
        write(change, keys.record(owner), seen, record);
        if (change.isEmpty()) {
            long revision =
                    seen.get(keys.record(owner)).map(KeyValue::modRevision).orElse(0L);
            return new Plan.Nothing(new Registered(block, revision));
        }
        return new Plan.Write(block, change.txn(), change.reads());
    }

    static IpamException taken(Cidr block) {
        return new IpamException(Reason.CONFLICT, "requested CIDR (" + block + ") is already allocated");
    }

    /** Says that the store's blocks have another size than this replica's. */
    IpamException otherMaskSize(String stored) {
        return new IpamException(
                Reason.REFUSED,
                ClusterPool.MASK_SIZE_KEY + ": " + pool.maskSize() + " (expected: " + stored
                        + ", the size of the blocks this store's nodes hold; it cannot be changed)");
    }

    private void checkMaskSize(Seen seen) {
        Optional<String> stored = seen.get(keys.maskSize()).map(KeyValue::value);
        if (stored.isPresent() && !stored.get().equals(Integer.toString(pool.maskSize()))) {
            throw otherMaskSize(stored.get());
        }
    }

    private Optional<Claim> claim(Owner owner, Seen seen) {
        Optional<KeyValue> entry = seen.get(keys.node(owner));
        try {
            return entry.map(KeyValue::value).map(Claim::decode);
        } catch (IllegalArgumentException e) {
            throw new IpamException(
                    Reason.REFUSED,
                    "store key " + keys.node(owner) + ": " + e.getMessage() + " (expected: what was written there)");
        }
    }

    /** The block the node holds or asks for; empty when one is to be chosen. */
    private Optional<Cidr> wanted(Owner owner, Registration asked, Seen seen, Optional<Claim> claim) {
        Optional<Cidr> held = claim.map(Claim::podCidr).or(() -> recorded(owner, seen));
        if (held.isPresent() && asked.requested().isPresent() && !held.equals(asked.requested())) {
            throw new IpamException(
                    Reason.CONFLICT,
                    "node has CIDRs allocated (" + held.get() + ") that conflict with requested CIDRs "
                            + asked.requested().get());
        }
        Optional<Cidr> wanted = held.or(asked::requested);
        if (claim.isEmpty() && wanted.isPresent()) {
            checkUnclaimed(owner, wanted.get());
        }
        return wanted;
    }

    /** What a record without a claim says: Cilium gave the node this CIDR. */
    private Optional<Cidr> recorded(Owner owner, Seen seen) {
        Optional<KeyValue> entry = seen.get(keys.record(owner));
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        try {
            return NodeRecord.decode(entry.get().value()).networks().v4Alloc();
        } catch (IllegalArgumentException e) {
            throw unreadable(entry.get().key());
        }
    }

    static IpamException unreadable(String key) {
        return new IpamException(
                Reason.REFUSED,
                "store key " + key + ": cannot be read, so the CIDR of its node is not known (expected: a node record;"
                        + " repair or delete it)");
    }

    private void checkUnclaimed(Owner owner, Cidr cidr) {
        if (pool.overlapping(cidr).isEmpty()) {
            throw new IpamException(Reason.INVALID, "allocator not configured for the requested CIDR " + cidr);
        }
        if (!pool.isBlock(cidr)) {
            throw new IpamException(
                    Reason.INVALID,
                    "allocator not configured for the requested CIDR " + cidr + " (expected: prefix length "
                            + pool.maskSize() + ", " + ClusterPool.MASK_SIZE_KEY + ")");
        }
        if (occupancy.otherHolder(cidr, owner).isPresent()) {
            throw taken(cidr);
        }
        Optional<String> unknown = occupancy.unknownHolder();
        if (unknown.isPresent()) {
            throw unreadable(unknown.get());
        }
    }

    private static void checkInner(Registration asked, Cidr block) {
        Optional<Ip> outside = asked.innerAddresses()
                .filter(ip -> ip.isV4() && !block.contains(ip))
                .findFirst();
        if (outside.isPresent()) {
            throw new IpamException(
                    Reason.INVALID,
                    "router or health address: " + outside.get() + " of node " + asked.node()
                            + " (expected: inside its pod CIDR " + block + ")");
        }
    }

    /** Adds the block's claim; false when it is another node's. */
    private boolean claimBlock(Change change, Owner owner, Seen seen, Optional<Claim> claim, Cidr block) {
        String key = keys.block(block);
        Optional<String> assumed = claim.map(c -> owner.toString());
        Optional<String> holder = seen.valueOr(key, assumed);
        if (holder.isEmpty()) {
            change.create(key, owner.toString());
        } else {
            change.require(key, owner.toString());
        }
        return holder.isEmpty() || holder.get().equals(owner.toString());
    }

    private void claimAddresses(Change change, Owner owner, Registration asked, Seen seen, Optional<Claim> claim) {
        String self = owner.toString();
        TreeSet<Ip> before = new TreeSet<>();
        claim.ifPresent(c -> before.addAll(c.addresses()));
        for (Ip ip : asked.ownAddresses()) {
            String key = keys.address(ip);
            Optional<String> user = seen.valueOr(key, before.contains(ip) ? Optional.of(self) : Optional.empty());
            Optional<String> other = user.filter(u -> !u.equals(self));
            if (other.isEmpty() && !before.contains(ip)) {
                other = occupancy.otherUser(ip, owner);
            }
            if (other.isPresent()) {
                throw new IpamException(
                        Reason.CONFLICT,
                        "node address: " + ip + " of node " + owner.node() + " (expected: an address of its own, it is "
                                + other.get() + "'s)");
            }
            if (user.isEmpty()) {
                change.create(key, self);
            } else {
                change.require(key, self);
            }
        }
        before.removeAll(asked.ownAddresses());
        for (Ip ip : before) {
            if (seen.valueOr(keys.address(ip), Optional.of(self)).equals(Optional.of(self))) {
                change.require(keys.address(ip), self);
                change.delete(keys.address(ip));
            }
        }
    }

    private static void write(Change change, String key, Seen seen, String value) {
        Optional<KeyValue> entry = seen.get(key);
        change.guard(key, entry);
        if (!entry.map(KeyValue::value).equals(Optional.of(value))) {
            change.put(key, value);
        }
    }
}
