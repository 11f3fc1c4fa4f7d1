package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;

/**
 * What the programs take for constant, set before they are loaded.
 *
 * @param routerIpv4 the pods' gateway, source of ICMP errors; empty when the node has no IPv4
 * @param routerIpv6 as routerIpv4
 * @param flHostIfindex the device where pods and the node's stack meet; must have forwarding on in both families
 * @param flHostMac its address
 */
public record DatapathConfig(Optional<Ip> routerIpv4, Optional<Ip> routerIpv6, int flHostIfindex, Mac flHostMac) {
    public DatapathConfig {
        routerIpv4.filter(ip -> !ip.isV4()).ifPresent(ip -> {
            throw new IllegalArgumentException("router address: " + ip + " (expected: IPv4)");
        });
        routerIpv6.filter(Ip::isV4).ifPresent(ip -> {
            throw new IllegalArgumentException("router address: " + ip + " (expected: IPv6)");
        });
        if (flHostIfindex <= 0) {
            throw new IllegalArgumentException("fl_host ifindex: " + flHostIfindex + " (expected: positive)");
        }
    }

    /** The values by the names the C has for them. */
    Map<String, byte[]> constants() {
        return Map.of(
                "router_ipv4", routerIpv4.map(Ip::bytes).orElse(new byte[4]),
                "router_ipv6", routerIpv6.map(Ip::bytes).orElse(new byte[16]),
                "has_router_ipv6", new byte[] {(byte) (routerIpv6.isPresent() ? 1 : 0)},
                "fl_host_ifindex",
                        ByteBuffer.allocate(4)
                                .order(ByteOrder.nativeOrder())
                                .putInt(flHostIfindex)
                                .array(),
                "fl_host_mac", flHostMac.bytes());
    }
}
