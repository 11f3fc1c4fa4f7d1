package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a node says of itself.
 *
 * @param node its name
 * @param addresses at least one {@code INTERNAL} one, each once
 * @param requested the pod CIDR it already uses; empty to be given one
 * @param labels its labels
 * @param health addresses of its health endpoint inside the pod CIDR
 */
public record Registration(
        NodeName node,
        List<NodeAddress> addresses,
        Optional<Cidr> requested,
        Map<String, String> labels,
        List<Ip> health) {
    /** Most addresses of a node: each costs steps of one transaction, of which a store takes 128. */
    static final int MAX_ADDRESSES = 32;

    public Registration {
        addresses = List.copyOf(addresses);
        labels = java.util.Collections.unmodifiableMap(new TreeMap<>(labels));
        health = List.copyOf(health);
        if (addresses.stream().noneMatch(a -> a.kind() == NodeAddress.Kind.INTERNAL && a.ip().isV4())) {
            // without one, no other node had a next hop for the IPv4 pod CIDR
            throw new IpamException(
                    IpamException.Reason.INVALID,
                    "addresses: none of type InternalIP for node " + node + " (expected: at least one, of IPv4)");
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

    /**
     * The one CIDR among those a node may ask for: there is a pool for IPv4 only, and a node has one block of it.
     *
     * @throws IpamException when there are several, or one of another family
     */
    public static Optional<Cidr> oneCidr(Collection<Cidr> requested) {
        for (Cidr cidr : requested) {
            if (!cidr.address().isV4()) {
                throw new IpamException(
                        IpamException.Reason.INVALID,
                        "unable to allocate CIDR " + cidr + " since allocator for IPv6 addresses does not exist");
            }
        }
        NavigableSet<Cidr> distinct = new TreeSet<>(requested);
        if (distinct.size() > 1) {
            throw new IpamException(
                    IpamException.Reason.INVALID,
                    "requested pod CIDRs: " + joined(distinct) + " (expected: at most one)");
        }
        return distinct.stream().findFirst();
    }

    /** The addresses by which other nodes reach it: no two nodes may have the same one. */
    NavigableSet<Ip> ownAddresses() {
        return addresses.stream()
                .filter(a -> a.kind() == NodeAddress.Kind.INTERNAL)
                .map(NodeAddress::ip)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The addresses that only make sense inside its pod CIDR. */
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
