package io.fairlead.ipam.allocation;

import io.fairlead.contract.Ip;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import java.util.List;
import java.util.Optional;

/**
 * Plans the transaction that takes everything from a node. A claim key that turns out to be another node's stays.
 *
 * @param keys where claims are
 * @param owner whose go
 */
record Release(IpamKeys keys, Owner owner) {
    List<Op> firstReads() {
        return List.of(new Op.Get(keys.node(owner)), new Op.Get(keys.record(owner)));
    }

    Change plan(Seen seen) {
        Change change = new Change();
        Optional<KeyValue> node = seen.get(keys.node(owner));
        Optional<KeyValue> record = seen.get(keys.record(owner));
        change.guard(keys.node(owner), node);
        change.guard(keys.record(owner), record);
        node.ifPresent(entry -> {
            change.delete(entry.key());
            Claim claim = claim(entry);
            give(change, seen, keys.block(claim.podCidr()));
            for (Ip ip : claim.addresses()) {
                give(change, seen, keys.address(ip));
            }
        });
        record.ifPresent(entry -> change.delete(entry.key()));
        return change;
    }

    private void give(Change change, Seen seen, String key) {
        String self = owner.toString();
        if (seen.valueOr(key, Optional.of(self)).equals(Optional.of(self))) {
            change.require(key, self);
            change.delete(key);
        }
    }

    private static Claim claim(KeyValue entry) {
        try {
            return Claim.decode(entry.value());
        } catch (IllegalArgumentException e) {
            throw new IpamException(
                    IpamException.Reason.REFUSED,
                    "store key " + entry.key() + ": " + e.getMessage() + " (expected: what was written there)");
        }
    }
}
