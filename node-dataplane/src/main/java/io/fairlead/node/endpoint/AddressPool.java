package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.EndpointException.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * The addresses of the node's pod CIDRs and who has them. Thread-safe; nothing here waits.
 *
 * <p>Addresses are given in rounds from a random start: one that was released comes back only when the round is through.
 * The first address of each family's first CIDR is the router's.
 */
public final class AddressPool {
    /** Owner of the router's address. */
    public static final String ROUTER = "router";

    private final RandomGenerator random;
    private final Map<Ip.Family, List<AddressRange>> ranges = new EnumMap<>(Ip.Family.class); // owned by: this lock
    private final Map<Ip, String> owners = new HashMap<>(); // owned by: this lock

    public AddressPool(Collection<Cidr> podCidrs, RandomGenerator random) {
        this.random = random;
        podCidrs.forEach(this::add);
    }

    /**
     * Adds a pod CIDR of the node; one that is there already changes nothing.
     *
     * @throws IllegalArgumentException when it is too small or overlaps another
     */
    public synchronized void add(Cidr cidr) {
        List<AddressRange> family = ranges.computeIfAbsent(cidr.family(), f -> new ArrayList<>());
        for (AddressRange other : family) {
            if (other.cidr().equals(cidr)) {
                return;
            }
            if (other.cidr().overlaps(cidr)) {
                throw new IllegalArgumentException(
                        "pod CIDR: " + cidr + " (expected: no overlap with " + other.cidr() + ")");
            }
        }
        AddressRange range = new AddressRange(cidr, random.nextLong());
        family.add(range);
        owners.putIfAbsent(range.router(), ROUTER);
    }

    /** The families pods get an address of. */
    public synchronized Set<Ip.Family> families() {
        return ranges.entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(() -> java.util.EnumSet.noneOf(Ip.Family.class)));
    }

    /** The router's address of a family, if the node has a CIDR of it. */
    public synchronized Optional<Ip> router(Ip.Family family) {
        return rangesOf(family).stream().findFirst().map(AddressRange::router);
    }

    /**
     * Gives the next free address of a family.
     *
     * @throws EndpointException when there is none
     */
    public synchronized Ip allocate(Ip.Family family, String owner) {
        List<AddressRange> all = rangesOf(family);
        if (all.isEmpty()) {
            throw new EndpointException(Reason.ADDRESS, "required " + name(family) + " PodCIDR not available");
        }
        for (AddressRange range : all) {
            Optional<Ip> free = range.next(owners::containsKey, owners.size());
            if (free.isPresent()) {
                owners.put(free.get(), owner);
                return free.get();
            }
        }
        throw new EndpointException(Reason.ADDRESS, "range is full");
    }

    /**
     * Gives this very address.
     *
     * @throws EndpointException when it is not free or not the node's to give
     */
    public synchronized void claim(Ip ip, String owner) {
        if (rangesOf(ip.family()).stream().noneMatch(range -> range.usable(ip))) {
            throw new EndpointException(
                    Reason.ADDRESS, "provided IP is not in the valid range: " + ip + " (expected: " + texts() + ")");
        }
        String holder = owners.putIfAbsent(ip, owner);
        if (holder != null) {
            throw new EndpointException(
                    Reason.ADDRESS, "provided IP is already allocated: " + ip + " (owned by " + holder + ")");
        }
    }

    /**
     * Takes in the address of an endpoint that was there before the agent started, whatever the CIDRs are now.
     *
     * @return false when another one has it
     */
    public synchronized boolean restore(Ip ip, String owner) {
        return owners.putIfAbsent(ip, owner) == null;
    }

    /** Takes an address back if this owner has it; else changes nothing. */
    public synchronized void release(Ip ip, String owner) {
        owners.remove(ip, owner);
    }

    /** Who has which address, the router among them. */
    public synchronized Map<Ip, String> allocations() {
        return Map.copyOf(owners);
    }

    /** Why no pod can get an address now, if none can. */
    public synchronized Optional<String> exhausted() {
        if (families().isEmpty()) {
            return Optional.of("required IPv4 PodCIDR not available");
        }
        return families().stream()
                .filter(family -> allocated(family) >= capacity(family))
                .findFirst()
                .map(family -> name(family) + " range is full");
    }

    /** Counters as the status shows them: "IPv4: 3/254 allocated from 10.244.2.0/24, ". */
    public synchronized String status() {
        StringBuilder text = new StringBuilder();
        for (Ip.Family family : families()) {
            text.append(name(family))
                    .append(": ")
                    .append(allocated(family))
                    .append('/')
                    .append(capacity(family))
                    .append(" allocated from ");
            rangesOf(family).forEach(range -> text.append(range.cidr()).append(", "));
        }
        return text.toString();
    }

    private long allocated(Ip.Family family) {
        return owners.keySet().stream()
                .filter(ip -> rangesOf(family).stream().anyMatch(range -> range.usable(ip)))
                .count();
    }

    private long capacity(Ip.Family family) {
        return rangesOf(family).stream().mapToLong(AddressRange::capacity).sum();
    }

    private List<AddressRange> rangesOf(Ip.Family family) {
        return ranges.getOrDefault(family, List.of());
    }

    private String texts() {
        return ranges.values().stream()
                .flatMap(List::stream)
                .map(range -> range.cidr().toString())
                .collect(Collectors.joining(", "));
    }

    private static String name(Ip.Family family) {
        return switch (family) {
            case V4 -> "IPv4";
            case V6 -> "IPv6";
        };
    }
}
