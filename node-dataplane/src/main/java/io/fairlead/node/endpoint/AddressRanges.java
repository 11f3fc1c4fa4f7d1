package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.AddressPool.Use;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The blocks of a node, in the order they were given. Not thread-safe: the pool's lock guards it. */
final class AddressRanges {
    private final List<AddressRange> ranges = new ArrayList<>();

    /**
     * Opens the block again when it is there already.
     *
     * @return false when it is new
     * @throws IllegalArgumentException when it overlaps another
     */
    boolean reopen(PodBlock block) {
        for (AddressRange other : ranges) {
            if (other.block().equals(block)) {
                other.open(true);
                return true;
            }
            if (other.cidr().overlaps(block.cidr())) {
                throw new IllegalArgumentException(
                        "pod CIDR: " + block.cidr() + " (expected: no overlap with " + other.cidr() + ")");
            }
        }
        return false;
    }

    void add(AddressRange range) {
        ranges.add(range);
    }

    /** False when somebody has an address of it, or there is none such. */
    boolean close(Cidr cidr) {
        Optional<AddressRange> range =
                ranges.stream().filter(r -> r.cidr().equals(cidr)).findFirst();
        if (range.isEmpty() || range.get().used() > 0) {
            return false;
        }
        range.get().open(false);
        return true;
    }

    /** Forgets a closed block that nobody has an address of; returns what is gone. */
    List<AddressRange> remove(Cidr cidr) {
        List<AddressRange> gone = ranges.stream()
                .filter(range -> range.cidr().equals(cidr) && !range.isOpen() && range.used() == 0)
                .toList();
        ranges.removeAll(gone);
        return gone;
    }

    void take(Ip ip) {
        ranges.stream().filter(range -> range.block().usable(ip)).forEach(AddressRange::take);
    }

    void giveBack(Ip ip) {
        ranges.stream().filter(range -> range.block().usable(ip)).forEach(AddressRange::giveBack);
    }

    Optional<Ip> next(Supply supply, Predicate<Ip> taken) {
        return ranges.stream()
                .filter(range -> supplyOf(range.block()).equals(supply))
                .flatMap(range -> range.next(taken).stream())
                .findFirst();
    }

    /** Addresses that open blocks have left. */
    long free(Supply supply) {
        return ranges.stream()
                .filter(range -> range.isOpen() && supplyOf(range.block()).equals(supply))
                .mapToLong(range -> range.capacity() - range.used())
                .sum();
    }

    boolean have(Supply supply) {
        return ranges.stream().anyMatch(range -> supplyOf(range.block()).equals(supply));
    }

    boolean haveOpen(Supply supply) {
        return ranges.stream()
                .anyMatch(range -> range.isOpen() && supplyOf(range.block()).equals(supply));
    }

    boolean give(Ip ip) {
        return ranges.stream().anyMatch(r -> r.isOpen() && r.block().usable(ip));
    }

    List<Use> uses() {
        return ranges.stream().map(AddressRange::use).toList();
    }

    /** Of each family: "IPv4: 3/254 allocated from 10.244.2.0/24, ". */
    String status(Collection<Ip.Family> families) {
        StringBuilder text = new StringBuilder();
        for (Ip.Family family : families) {
            List<AddressRange> all =
                    ranges.stream().filter(r -> r.cidr().family() == family).toList();
            text.append(name(family))
                    .append(": ")
                    .append(all.stream().mapToLong(AddressRange::used).sum())
                    .append('/')
                    .append(all.stream().mapToLong(AddressRange::capacity).sum())
                    .append(" allocated from ");
            all.forEach(range -> text.append(range.cidr()).append(", "));
        }
        return text.toString();
    }

    /** The open ones, for people. */
    @Override
    public String toString() {
        return ranges.stream()
                .filter(AddressRange::isOpen)
                .map(range -> range.cidr().toString())
                .collect(Collectors.joining(", "));
    }

    static Supply supplyOf(PodBlock block) {
        return new Supply(block.cidr().family(), block.pool());
    }

    static String name(Ip.Family family) {
        return switch (family) {
            case V4 -> "IPv4";
            case V6 -> "IPv6";
        };
    }
}
