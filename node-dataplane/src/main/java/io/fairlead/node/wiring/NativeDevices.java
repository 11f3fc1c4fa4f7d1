package io.fairlead.node.wiring;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the devices that connect the node with the others. */
public final class NativeDevices {
    private final Netlink netlink;

    /** @param netlink of the node's namespace; stays the caller's to close */
    public NativeDevices(Netlink netlink) {
        this.netlink = netlink;
    }

    /**
     * The devices that were named.
     *
     * @throws IllegalArgumentException naming the patterns that mean no device, and what there is
     */
    public List<Link> named(DeviceNames names) {
        List<Link> candidates = candidates();
        List<String> unmatched = names.patterns().stream()
                .filter(pattern -> candidates.stream().noneMatch(link -> DeviceNames.matches(pattern, link.name())))
                .toList();
        if (!unmatched.isEmpty()) {
            throw new IllegalArgumentException(
                    "devices: " + String.join(", ", unmatched) + " (expected: some of " + list(candidates) + ")");
        }
        return candidates.stream().filter(link -> names.matches(link.name())).toList();
    }

    /**
     * The devices that have an address of the node.
     *
     * @throws IllegalArgumentException when no device has one
     */
    public List<Link> withAddress(Collection<Ip> nodeAddresses) {
        Set<Integer> holders = netlink.addresses().stream()
                .filter(address -> nodeAddresses.contains(address.address()))
                .map(address -> address.ifindex())
                .collect(Collectors.toSet());
        List<Link> candidates = candidates();
        List<Link> found = candidates.stream()
                .filter(link -> holders.contains(link.index()))
                .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException("node addresses: " + nodeAddresses + " (expected: an address of one of "
                    + list(candidates) + ", or name the devices)");
        }
        return found;
    }

    private List<Link> candidates() {
        return netlink.links().stream()
                .filter(link -> !link.isLoopback())
                .filter(link ->
                        !link.name().equals(HostDevices.HOST) && !link.name().equals(HostDevices.NET))
                .toList();
    }

    private static String list(List<Link> links) {
        return links.isEmpty() ? "no device" : links.stream().map(Link::name).collect(Collectors.joining(", "));
    }
}
