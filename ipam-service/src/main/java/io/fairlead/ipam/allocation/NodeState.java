package io.fairlead.ipam.allocation;

import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import java.util.List;
import java.util.Optional;

/**
 * The two entries of a node that every request reads and guards.
 *
 * @param claim under its claim key
 * @param record its record
 */
record NodeState(Optional<KeyValue> claim, Optional<KeyValue> record) {
    static List<Op> reads(IpamKeys keys, Owner owner) {
        return List.of(new Op.Get(keys.node(owner)), new Op.Get(keys.record(owner)));
    }

    static NodeState of(IpamKeys keys, Owner owner, Seen seen) {
        return new NodeState(seen.get(keys.node(owner)), seen.get(keys.record(owner)));
    }

    /** What the claim says, if there is one; refused when it cannot be read. */
    Optional<Claim> claimed() {
        return claim.map(entry -> {
            try {
                return Claim.decode(entry.value());
            } catch (IllegalArgumentException e) {
                throw new IpamException(
                        Reason.REFUSED,
                        "store key " + entry.key() + ": " + e.getMessage() + " (expected: what was written there; "
                                + wayOut(entry.key()) + ")");
            }
        });
    }

    /** The same, empty also when it cannot be read. */
    Optional<Claim> readableClaim() {
        return claim.flatMap(entry -> {
            try {
                return Optional.of(Claim.decode(entry.value()));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        });
    }

    /** How somebody gets rid of an unreadable claim. */
    static String wayOut(String key) {
        return "to put it right: fairlead node release " + key.substring(key.lastIndexOf('/') + 1)
                + ", the node registers again with what it has";
    }

    /** What the record says; empty when there is none or it cannot be read. */
    Optional<NodeRecord> recorded() {
        try {
            return record.map(KeyValue::value).map(NodeRecord::decode);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Refuses what was meant for an earlier registration of the node.
     *
     * @param asOf revision the caller saw the node at; 0 for whichever there is
     */
    void checkAsOf(Owner owner, long asOf) {
        long since = claim.or(() -> record).map(KeyValue::createRevision).orElse(0L);
        if (asOf > 0 && since > asOf) {
            throw new IpamException(
                    Reason.REFUSED,
                    "node " + owner.node() + ": as of revision " + asOf + " (expected: one not before " + since
                            + ", where it registered anew; look again, and say that one)");
        }
    }

    long revision() {
        return record.map(KeyValue::modRevision).orElse(0L);
    }
}
