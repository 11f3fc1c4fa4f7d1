package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.ipam.allocation.IpamException.Reason;
import java.util.Optional;

/**
 * The steps that claim a block for a node or take it away.
 *
 * @param keys where claims are
 * @param occupancy says which withheld blocks are the node's own
 * @param owner the node
 */
record Blocks(IpamKeys keys, Occupancy occupancy, Owner owner) {
    /** How a claim may go. */
    enum Result {
        CLAIMED,
        ANOTHERS,
        WITHHELD
    }

    /** Checks that a block the node's claim names is its own still. */
    Result keep(Change change, Seen seen, Cidr block) {
        Optional<String> holder = seen.valueOr(keys.block(block), Optional.of(owner.toString()));
        return claimKey(change, block, holder);
    }

    /** Claims a block the node has not got: nobody has it, and nobody else has it withheld. */
    Result claim(Change change, Seen seen, Cidr block) {
        Result result = claimKey(change, block, seen.valueOr(keys.block(block), Optional.empty()));
        if (result != Result.CLAIMED) {
            return result;
        }
        String key = keys.withheld(block);
        Optional<String> withheld = seen.valueOr(key, occupancy.ownWithheld(owner, block));
        if (withheld.isEmpty()) {
            change.absent(key);
            return Result.CLAIMED;
        }
        if (!Withheld.owner(withheld.get()).equals(owner.toString())) {
            change.require(key, withheld.get());
            return Result.WITHHELD;
        }
        // the others route it to this node already, or nowhere
        change.require(key, withheld.get());
        change.delete(key);
        return Result.CLAIMED;
    }

    /** Takes a block away; it is withheld from then on. One that turns out to be another's stays. */
    void withdraw(Change change, Seen seen, Cidr block) {
        if (give(change, seen, keys.block(block))) {
            change.put(keys.withheld(block), Withheld.text(owner.toString()));
        }
    }

    /** Deletes a key that is the node's; false when it is not. */
    boolean give(Change change, Seen seen, String key) {
        String self = owner.toString();
        if (!seen.valueOr(key, Optional.of(self)).equals(Optional.of(self))) {
            return false;
        }
        change.require(key, self);
        change.delete(key);
        return true;
    }

    /** Says that a block cannot be had. */
    static IpamException refusal(Result result, Cidr block) {
        String taken = "requested CIDR (" + block + ") is already allocated";
        return new IpamException(
                Reason.CONFLICT,
                result == Result.WITHHELD
                        ? taken + ": another node gave it back, and not every node has acknowledged that yet"
                                + " (expected: a free CIDR; fairlead ipam withheld names the nodes)"
                        : taken);
    }

    private Result claimKey(Change change, Cidr block, Optional<String> holder) {
        String key = keys.block(block);
        if (holder.isEmpty()) {
            change.create(key, owner.toString());
        } else {
            change.require(key, owner.toString());
        }
        return holder.isEmpty() || holder.get().equals(owner.toString()) ? Result.CLAIMED : Result.ANOTHERS;
    }
}
