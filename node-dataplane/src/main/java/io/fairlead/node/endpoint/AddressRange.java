package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The addresses of one pod CIDR that a pod can have: all but the network's, the broadcast's and the router's. Not
 * thread-safe.
 */
final class AddressRange {
    /** Hosts are counted in a long; no node has more pods than this. */
    private static final int MAX_HOST_BITS = 62;

    private final Cidr cidr;
    private final long capacity;
    private long next; // offset from the network address, 1 to capacity; owned by: the pool's lock

    /** @param start any number: where the search begins */
    AddressRange(Cidr cidr, long start) {
        int hostBits = cidr.family().bits() - cidr.prefixLength();
        if (hostBits < 2) {
            throw new IllegalArgumentException(
                    "pod CIDR: " + cidr + " (expected: room for a router and a pod, such as 10.244.2.0/24)");
        }
        this.cidr = cidr;
        capacity = (1L << Math.min(hostBits, MAX_HOST_BITS)) - 2;
        next = 1 + Math.floorMod(start, capacity);
    }

    Cidr cidr() {
        return cidr;
    }

    /** Addresses a host can have, the router's among them. */
    long capacity() {
        return capacity;
    }

    Ip router() {
        return cidr.address().plus(1);
    }

    /** True for every address but the network's and the broadcast's. */
    boolean usable(Ip ip) {
        return cidr.contains(ip) && !ip.equals(cidr.address()) && !ip.equals(cidr.last());
    }

    /** The next free address behind the one given last, so that a released one rests as long as possible. */
    Optional<Ip> next(Predicate<Ip> taken, long allocated) {
        // Of allocated + 1 addresses in a row one is free; fewer than that is the whole range.
        long tries = Math.min(capacity, allocated + 1);
        for (long i = 0; i < tries; i++) {
            Ip candidate = cidr.address().plus(next);
            next = next == capacity ? 1 : next + 1;
            if (!taken.test(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
