package io.fairlead.cli.dissect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Names of numbers in headers, as gopacket has them. */
final class Numbers {
    static final int ARP = 0x0806;
    static final int IPV4 = 0x0800;
    static final int IPV6 = 0x86dd;
    static final int HOP_BY_HOP = 0;
    static final int ICMPV4 = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ROUTING = 43;
    static final int FRAGMENT = 44;
    static final int ICMPV6 = 58;
    static final int DESTINATION = 60;
    static final int SCTP = 132;

    private static final Map<Integer, String> ETHERNET = Map.of(
            IPV4,
            "IPv4",
            ARP,
            "ARP",
            IPV6,
            "IPv6",
            0x8100,
            "Dot1Q",
            0x88a8,
            "QinQ",
            0x8847,
            "MPLSUnicast",
            0x8848,
            "MPLSMulticast",
            0x88cc,
            "LinkLayerDiscovery",
            0x88e5,
            "MACsec",
            0x888e,
            "EAPOL");

    private static final Map<Integer, String> PROTOCOLS = Map.ofEntries(
            Map.entry(HOP_BY_HOP, "IPv6HopByHop"),
            Map.entry(ICMPV4, "ICMPv4"),
            Map.entry(2, "IGMP"),
            Map.entry(4, "IPv4"),
            Map.entry(TCP, "TCP"),
            Map.entry(UDP, "UDP"),
            Map.entry(27, "RUDP"),
            Map.entry(41, "IPv6"),
            Map.entry(ROUTING, "IPv6Routing"),
            Map.entry(FRAGMENT, "IPv6Fragment"),
            Map.entry(47, "GRE"),
            Map.entry(50, "ESP"),
            Map.entry(51, "AH"),
            Map.entry(ICMPV6, "ICMPv6"),
            Map.entry(59, "NoNextHeader"),
            Map.entry(DESTINATION, "IPv6Destination"),
            Map.entry(89, "OSPF"),
            Map.entry(97, "EtherIP"),
            Map.entry(112, "VRRP"),
            Map.entry(SCTP, "SCTP"),
            Map.entry(136, "UDPLite"),
            Map.entry(137, "MPLS"));

    /** Of IANA's, those that clusters meet; others are numbers only. */
    private static final Map<Integer, String> PORTS = Map.ofEntries(
            Map.entry(22, "ssh"),
            Map.entry(25, "smtp"),
            Map.entry(53, "domain"),
            Map.entry(67, "bootps"),
            Map.entry(68, "bootpc"),
            Map.entry(80, "http"),
            Map.entry(123, "ntp"),
            Map.entry(179, "bgp"),
            Map.entry(389, "ldap"),
            Map.entry(443, "https"),
            Map.entry(636, "ldaps"),
            Map.entry(853, "domain-s"),
            Map.entry(2049, "nfs"),
            Map.entry(2379, "etcd-client"),
            Map.entry(2380, "etcd-server"),
            Map.entry(3306, "mysql"),
            Map.entry(4789, "vxlan"),
            Map.entry(5432, "postgresql"),
            Map.entry(6081, "geneve"),
            Map.entry(8080, "http-alt"));

    private record Icmp(String name, List<String> codes) {}

    private static final Map<Integer, Icmp> ICMPV4_TYPES = icmp("""
            0 EchoReply
            3 DestinationUnreachable Net Host Protocol Port FragmentationNeeded SourceRoutingFailed NetUnknown\
             HostUnknown SourceIsolated NetAdminProhibited HostAdminProhibited NetTOS HostTOS CommAdminProhibited\
             HostPrecedence PrecedenceCutoff
            4 SourceQuench
            5 Redirect Net Host TOS+Net TOS+Host
            8 EchoRequest
            9 RouterAdvertisement
            10 RouterSolicitation
            11 TimeExceeded TTLExceeded FragmentReassemblyTimeExceeded
            12 ParameterProblem PointerIndicatesError MissingOption BadLength
            13 TimestampRequest
            14 TimestampReply
            15 InfoRequest
            16 InfoReply
            17 AddressMaskRequest
            18 AddressMaskReply
            """);

    private static final Map<Integer, Icmp> ICMPV6_TYPES = icmp("""
            1 DestinationUnreachable NoRouteToDst AdminProhibited BeyondScopeOfSrc AddressUnreachable PortUnreachable\
             SrcAddressFailedPolicy RejectRouteToDst
            2 PacketTooBig
            3 TimeExceeded HopLimitExceeded FragmentReassemblyTimeExceeded
            4 ParameterProblem ErroneousHeader UnrecognizedNextHeader UnrecognizedIPv6Option
            128 EchoRequest
            129 EchoReply
            130 MLDv1MulticastListenerQueryMessage
            131 MLDv1MulticastListenerReportMessage
            132 MLDv1MulticastListenerDoneMessage
            133 RouterSolicitation
            134 RouterAdvertisement
            135 NeighborSolicitation
            136 NeighborAdvertisement
            137 Redirect
            143 MLDv2MulticastListenerReportMessageV2
            """);

    private static final Map<Integer, String> TCP_OPTIONS = Map.of(
            0, "EndList",
            1, "NOP",
            2, "MSS",
            3, "WindowScale",
            4, "SACKPermitted",
            5, "SACK",
            8, "Timestamps");

    private Numbers() {}

    private static Map<Integer, Icmp> icmp(String table) {
        return table.lines()
                .map(line -> List.of(line.split(" ")))
                .collect(java.util.stream.Collectors.toMap(
                        words -> Integer.valueOf(words.get(0)),
                        words -> new Icmp(words.get(1), List.copyOf(new ArrayList<>(words.subList(2, words.size()))))));
    }

    static String etherType(int number) {
        return ETHERNET.getOrDefault(number, "UnknownEthernetType");
    }

    static String protocol(int number) {
        return PROTOCOLS.getOrDefault(number, "UnknownIPProtocol");
    }

    /** "80(http)". */
    static String port(int number) {
        String name = PORTS.get(number);
        return name == null ? Integer.toString(number) : number + "(" + name + ")";
    }

    static String icmpV4(int type, int code) {
        return icmp(ICMPV4_TYPES.get(type), type, code);
    }

    static String icmpV6(int type, int code) {
        return icmp(ICMPV6_TYPES.get(type), type, code);
    }

    private static String icmp(@org.jspecify.annotations.Nullable Icmp known, int type, int code) {
        if (known == null) {
            return type + "(" + code + ")";
        }
        if (code < known.codes().size()) {
            return known.name() + "(" + known.codes().get(code) + ")";
        }
        return known.codes().isEmpty() && code == 0 ? known.name() : known.name() + "(Code: " + code + ")";
    }

    /** One option of a TCP header. */
    static String tcpOption(int kind, Slice data) {
        String hex = data.length() == 0 ? "" : " 0x" + data.hex();
        String name = TCP_OPTIONS.getOrDefault(kind, "Unknown(" + kind + ")");
        String value = "";
        if (kind == 2 && data.length() >= 2) {
            value = Integer.toString(data.u16(0));
        } else if (kind == 8 && data.length() == 8) {
            value = data.u32(0) + "/" + data.u32(4);
        }
        return "TCPOption(" + name + ":" + value + hex + ")";
    }
}
