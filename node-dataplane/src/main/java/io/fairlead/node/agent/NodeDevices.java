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

/**
 * How this node is connected with the others.
 *
 * @param address the one others reach it at
 * @param links the devices towards them
 */
record NodeDevices(Ip address, List<Link> links) {
    /** Ethernet's; used when the devices do not say. */
    private static final int DEFAULT_MTU = 1500;

    NodeDevices {
        links = List.copyOf(links);
    }

    /**
     * Finds them by what the configuration says.
     *
     * @throws IllegalArgumentException when it fits nothing that is there
     */
    static NodeDevices find(Netlink netlink, AgentConfig config) {
        NativeDevices devices = new NativeDevices(netlink);
        if (config.devices().isEmpty()) {
            Ip address = config.nodeIp()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "devices: none, ipv4-node: none (expected: at least one of them)"));
            return new NodeDevices(address, devices.withAddress(List.of(address)));
        }
        List<Link> links = devices.named(new DeviceNames(config.devices()));
        return new NodeDevices(config.nodeIp().orElseGet(() -> firstAddress(netlink, links)), links);
    }

    private static Ip firstAddress(Netlink netlink, List<Link> links) {
        return links.stream()
                .flatMap(link -> netlink.addresses(link.index()).stream())
                .map(Addr::address)
                .filter(ip -> ip.isV4() && ip.isUnicast())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("ipv4-node: none, and no IPv4 address on "
                        + links.stream().map(Link::name).toList() + " (expected: one of them)"));
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
