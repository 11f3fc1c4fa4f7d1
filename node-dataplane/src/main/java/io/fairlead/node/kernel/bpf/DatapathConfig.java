package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the programs take for constant, set before they are loaded.
 *
 * @param routerIpv4 the pods' gateway, source of ICMP errors; empty when the node has no IPv4
 * @param routerIpv6 as routerIpv4
 * @param flHostIfindex the device where pods and the node's stack meet; must have forwarding on in both families
 * @param flHostMac its address
 * @param options how the programs behave
 */
public record DatapathConfig(
        Optional<Ip> routerIpv4, Optional<Ip> routerIpv6, int flHostIfindex, Mac flHostMac, Options options) {

    /**
     * How the programs behave.
     *
     * @param hostEndpointId id of the node's own endpoint, 0 when it has none
     * @param legacyHostRouting packets take the way through the stack
     * @param masquerade which pods' packets leave from the node's address
     * @param natPorts ports that translated flows may have
     * @param debug debug messages are written when somebody listens
     * @param lifetimes how long connections live without a packet
     */
    public record Options(
            int hostEndpointId,
            boolean legacyHostRouting,
            Masquerade masquerade,
            Ports natPorts,
            boolean debug,
            Lifetimes lifetimes) {
        /** BPF host routing, no masquerade, Cilium's ports and lifetimes. */
        public static final Options DEFAULT =
                new Options(0, false, Masquerade.NONE, new Ports(32768, 65535), false, Lifetimes.DEFAULT);
    }

    /**
     * Which pods' packets leave from the node's address.
     *
     * @param ipv4 those of IPv4
     * @param ipv6 those of IPv6
     * @param remoteNodes also those to other nodes' addresses
     */
    public record Masquerade(boolean ipv4, boolean ipv6, boolean remoteNodes) {
        /** None. */
        public static final Masquerade NONE = new Masquerade(false, false, false);
    }

    /**
     * A range of ports.
     *
     * @param min lowest
     * @param max highest
     */
    public record Ports(int min, int max) {
        public Ports {
            if (min < 1 || max > 65535 || min > max) {
                throw new IllegalArgumentException("ports: " + min + "-" + max + " (expected: rising, 1 to 65535)");
            }
        }
    }

    /**
     * How long connections live without a packet.
     *
     * @param tcp established ones of TCP
     * @param tcpSyn of TCP before the answer
     * @param tcpClose of TCP after both ends have said so
     * @param any all others
     */
    public record Lifetimes(Duration tcp, Duration tcpSyn, Duration tcpClose, Duration any) {
        /** Cilium's. */
        public static final Lifetimes DEFAULT = new Lifetimes(
                Duration.ofSeconds(8000), Duration.ofSeconds(60), Duration.ofSeconds(10), Duration.ofSeconds(60));
    }

    /** With the default options. */
    public DatapathConfig(Optional<Ip> routerIpv4, Optional<Ip> routerIpv6, int flHostIfindex, Mac flHostMac) {
        this(routerIpv4, routerIpv6, flHostIfindex, flHostMac, Options.DEFAULT);
    }

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

    /** The same with other options. */
    public DatapathConfig with(Options other) {
        return new DatapathConfig(routerIpv4, routerIpv6, flHostIfindex, flHostMac, other);
    }

    /** The values by the names the C has for them. */
    Map<String, byte[]> constants() {
        Map<String, byte[]> values = new HashMap<>();
        values.put("router_ipv4", routerIpv4.map(Ip::bytes).orElse(new byte[4]));
        values.put("router_ipv6", routerIpv6.map(Ip::bytes).orElse(new byte[16]));
        values.put("has_router_ipv6", flag(routerIpv6.isPresent()));
        values.put("fl_host_ifindex", number(Integer.BYTES, flHostIfindex));
        values.put("fl_host_mac", flHostMac.bytes());
        values.put("host_endpoint_id", number(Integer.BYTES, options.hostEndpointId()));
        values.put("legacy_host_routing", flag(options.legacyHostRouting()));
        values.put("masquerade_ipv4", flag(options.masquerade().ipv4()));
        values.put("masquerade_ipv6", flag(options.masquerade().ipv6()));
        values.put("masquerade_remote_nodes", flag(options.masquerade().remoteNodes()));
        values.put("nat_port_min", number(Short.BYTES, options.natPorts().min()));
        values.put("nat_port_max", number(Short.BYTES, options.natPorts().max()));
        values.put("debug_datapath", flag(options.debug()));
        values.put("ct_tcp_ns", number(Long.BYTES, options.lifetimes().tcp().toNanos()));
        values.put("ct_syn_ns", number(Long.BYTES, options.lifetimes().tcpSyn().toNanos()));
        values.put(
                "ct_close_ns", number(Long.BYTES, options.lifetimes().tcpClose().toNanos()));
        values.put("ct_any_ns", number(Long.BYTES, options.lifetimes().any().toNanos()));
        return values;
    }

    private static byte[] flag(boolean set) {
        return new byte[] {(byte) (set ? 1 : 0)};
    }

    /** In native byte order. */
    private static byte[] number(int size, long value) {
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
        switch (size) {
            case Short.BYTES -> bytes.putShort((short) value);
            case Integer.BYTES -> bytes.putInt((int) value);
            default -> bytes.putLong(value);
        }
        return bytes.array();
    }
}
