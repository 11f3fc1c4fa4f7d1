package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.Optional;
import java.util.function.Predicate;

/** The addresses of one block that somebody can have: all but the network's and the broadcast's. Not thread-safe. */
final class AddressRange {
    /** Hosts are counted in a long; no node has more pods than this. */
    private static final int MAX_HOST_BITS = 62;

    private final PodBlock block;
    private final long capacity;
    private long next; // offset from the network address, 1 to capacity; owned by: the pool's lock
    private long used; // addresses somebody has; owned by: the pool's lock
    private long given; // how often one was taken; owned by: the pool's lock
    private boolean open = true; // owned by: the pool's lock

    /** @param start any number: where the search begins */
    AddressRange(PodBlock block, long start) {
        this.block = block;
        Cidr cidr = block.cidr();
        capacity = (1L << Math.min(cidr.family().bits() - cidr.prefixLength(), MAX_HOST_BITS)) - 2;
        next = 1 + Math.floorMod(start, capacity);
    }

    PodBlock block() {
        return block;
    }

    Cidr cidr() {
        return block.cidr();
    }

    /** Addresses a host can have, the router's among them. */
    long capacity() {
        return capacity;
    }

    long used() {
        return used;
    }

    boolean isOpen() {
        return open;
    }

    void open(boolean nowOpen) {
        open = nowOpen;
    }

    void take() {
        used++;
        given++;
    }

    void giveBack() {
        used--;
    }

    AddressPool.Use use() {
        return new AddressPool.Use(block, used, capacity, given, open);
    }

    /** The next free address behind the one given last, so that a released one rests as long as possible. */
    Optional<Ip> next(Predicate<Ip> taken) {
        if (!open || used >= capacity) {
            return Optional.empty();
        }
        // Of used + 1 addresses in a row one is free; fewer than that is the whole range.
        long tries = Math.min(capacity, used + 1);
        for (long i = 0; i < tries; i++) {
            Ip candidate = block.cidr().address().plus(next);
            next = next == capacity ? 1 : next + 1;
            if (!taken.test(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
