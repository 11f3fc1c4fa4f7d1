package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.ipam.pool.ClusterPool;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a node says of itself.
 *
 * @param node its name
 * @param addresses at least one {@code INTERNAL} one, each once
 * @param wants which blocks
 * @param labels its labels
 * @param health addresses of its health endpoint inside the pod CIDR
 */
public record Registration(
        NodeName node, List<NodeAddress> addresses, Wants wants, Map<String, String> labels, List<Ip> health) {
    /** Most addresses of a node: each costs steps of one transaction, of which a store takes 128. */
    static final int MAX_ADDRESSES = 32;

    /**
     * Which blocks a node wants.
     *
     * @param pool where they come from
     * @param requested pod CIDRs it already uses; without doubles
     * @param families families to be given a block of; empty for those of its internal addresses that the pool has
     */
    public record Wants(String pool, List<Cidr> requested, Set<Ip.Family> families) {
        public Wants {
            requested = requested.stream().distinct().toList();
            families = Set.copyOf(families);
            if (requested.size() > MoreBlocks.MOST) {
                throw new IpamException(
                        IpamException.Reason.INVALID,
                        "requested pod CIDRs: " + requested.size() + " (expected: at most " + MoreBlocks.MOST + ")");
            }
        }
    }

    public Registration {
        addresses = List.copyOf(addresses);
        labels = java.util.Collections.unmodifiableMap(new TreeMap<>(labels));
        health = List.copyOf(health);
        if (addresses.stream().noneMatch(a -> a.kind() == NodeAddress.Kind.INTERNAL)) {
            throw new IpamException(
                    IpamException.Reason.INVALID,
                    "addresses: none of type InternalIP for node " + node + " (expected: at least one)");
        }
        if (addresses.size() > MAX_ADDRESSES) {
            throw new IpamException(
                    IpamException.Reason.INVALID,
                    "addresses: " + addresses.size() + " of node " + node + " (expected: at most " + MAX_ADDRESSES
                            + ")");
        }
        for (NodeAddress address : addresses) {
            if (!address.ip().isUnicast()) {
                throw new IpamException(
                        IpamException.Reason.INVALID,
                        "addresses: " + address.ip() + " of node " + node + " (expected: a unicast address)");
            }
        }
    }

    /** The addresses by which other nodes reach it: no two nodes may have the same one. */
    NavigableSet<Ip> ownAddresses() {
        return addresses.stream()
                .filter(a -> a.kind() == NodeAddress.Kind.INTERNAL)
                .map(NodeAddress::ip)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The families it can be reached by. */
    Set<Ip.Family> ownFamilies() {
        Set<Ip.Family> families = EnumSet.noneOf(Ip.Family.class);
        ownAddresses().forEach(ip -> families.add(ip.family()));
        return families;
    }

    /** Refuses a family it has no address of: no other node had a next hop for the pod CIDR. */
    void checkReachable(Ip.Family family) {
        if (!ownFamilies().contains(family)) {
            throw new IpamException(
                    IpamException.Reason.INVALID,
                    "addresses: none of type InternalIP for node " + node + " (expected: at least one, of "
                            + ClusterPool.text(family) + ")");
        }
    }

    /** The addresses that only make sense inside its pod CIDRs. */
    Stream<Ip> innerAddresses() {
        return Stream.concat(
                addresses.stream()
                        .filter(a -> a.kind() == NodeAddress.Kind.ROUTER)
                        .map(NodeAddress::ip),
                health.stream());
    }

    static String joined(Collection<?> values) {
        return values.stream().map(Object::toString).collect(Collectors.joining(","));
    }
}
