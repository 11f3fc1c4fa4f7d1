package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.wiring.DeviceNames;
import io.fairlead.node.wiring.NativeDevices;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How this node is connected with the others.
 *
 * @param addresses those others reach it at, one for each family its pods have, IPv4 first
 * @param links the devices towards them
 */
record NodeDevices(List<Ip> addresses, List<Link> links) {
    /** Ethernet's; used when the devices do not say. */
    private static final int DEFAULT_MTU = 1500;

    /** Linux's IFA_F_: not for others to know (deprecated, tentative, found twice, temporary). */
    private static final int UNFIT = 0x20 | 0x40 | 0x08 | 0x01;

    NodeDevices {
        addresses = List.copyOf(addresses);
        links = List.copyOf(links);
    }

    /**
     * Finds them by what the configuration says.
     *
     * @throws IllegalArgumentException when it fits nothing that is there
     */
    static NodeDevices find(Netlink netlink, AgentConfig config) {
        NativeDevices devices = new NativeDevices(netlink);
        List<Ip> known = config.addressing().known();
        if (config.devices().isEmpty() && known.isEmpty()) {
            throw new IllegalArgumentException("devices: none, "
                    + config.addressing().families().stream()
                            .map(NodeDevices::key)
                            .collect(Collectors.joining(": none, "))
                    + ": none (expected: at least one of them)");
        }
        List<Link> links = config.devices().isEmpty()
                ? devices.withAddress(known)
                : devices.named(new DeviceNames(config.devices()));
        List<Ip> addresses = config.addressing().families().stream()
                .sorted()
                .map(family -> config.addressing().node(family).orElseGet(() -> firstAddress(netlink, links, family)))
                .toList();
        return new NodeDevices(addresses, links);
    }

    private static Ip firstAddress(Netlink netlink, List<Link> links, Ip.Family family) {
        return links.stream()
                .flatMap(link -> netlink.addresses(link.index()).stream())
                .filter(address -> address.scope() == Addr.GLOBAL && (address.flags() & UNFIT) == 0)
                .map(Addr::address)
                .filter(ip -> ip.family() == family && ip.isUnicast())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key(family) + ": none, and no "
                        + (family == Ip.Family.V4 ? "IPv4" : "IPv6") + " address on "
                        + links.stream().map(Link::name).toList() + " (expected: one of them)"));
    }

    /** What says the address of a family. */
    private static String key(Ip.Family family) {
        return family == Ip.Family.V4 ? "ipv4-node" : "ipv6-node";
    }

    Map<String, Integer> byName() {
        Map<String, Integer> byName = new HashMap<>();
        links.forEach(link -> byName.put(link.name(), link.index()));
        return Map.copyOf(byName);
    }

    /** MTU of pods, in bytes: what was configured, else what every device carries. */
    int mtu(int configured) {
        return configured != 0
                ? configured
                : links.stream().mapToInt(Link::mtu).min().orElse(DEFAULT_MTU);
    }
}
