package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.DropReason.DROP_ENDPOINT_NOT_READY;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_FIB_LOOKUP_FAILED;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_FORBIDDEN_ICMPV6;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_FRAGMENTATION_NEEDED;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_INVALID_EXTENSION_HEADER;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_INVALID_IDENTITY;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_INVALID_PACKET;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_INVALID_SOURCE_IP;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_TTL_EXCEEDED;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_UNKNOWN_TARGET;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_UNROUTABLE_IP;
import static io.fairlead.node.kernel.bpf.DropReason.DROP_UNSUPPORTED_L2;
import static io.fairlead.node.kernel.bpf.DropReason.FORWARDED;
import static io.fairlead.node.kernel.bpf.Frames.*;
import static io.fairlead.node.kernel.bpf.Node.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.bpf.Metric.Direction;
import io.fairlead.node.kernel.bpf.Node.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Packet rows for each hook. */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HooksTest {
    private static final Ip LINK_LOCAL = Ip.parse("fe80::a");
    private static final Ip ALL_NODES = Ip.parse("ff02::1");
    private static final Mac BROADCAST = Mac.parse("ff:ff:ff:ff:ff:ff");
    private static final Mac OTHER = Mac.parse("02:ee:00:00:00:09");
    private Node node;

    @BeforeAll
    void start() {
        node = new Node();
    }

    @AfterAll
    void stop() {
        node.close();
    }

    /** The frame after forwarding: new addresses, one hop less. */
    private static byte[] hop(byte[] frame, Mac to, Mac from) {
        byte[] packet = slice(frame, 14, frame.length);
        if (packet[0] >> 4 == 4) {
            packet[8]--;
            packet[10] = 0;
            packet[11] = 0;
            int sum = checksum(packet, 0, (packet[0] & 15) * 4);
            packet[10] = (byte) (sum >> 8);
            packet[11] = (byte) sum;
        } else {
            packet[7]--;
        }
        return ethernet(to, from, packet);
    }

    private static byte[] a(Ip to, int ttl) {
        return fromA(ip(to.isV4() ? A : A6, to, ttl, UDP, udp(20)));
    }

    private static byte[] a(Ip to) {
        return a(to, 64);
    }

    @Test
    void fromContainerForwards() {
        List<Row> rows = new ArrayList<>();
        rows.add(Row.forwarded("pod here", a(B), hop(a(B), B_MAC, B_GATE)));
        rows.add(Row.forwarded("pod here, IPv6", a(B6), hop(a(B6), B_MAC, B_GATE)));
        rows.add(Row.forwarded("itself", a(A), hop(a(A), A_MAC, A_GATE)));
        rows.add(Row.forwarded("two hops left", a(B, 2), hop(a(B, 2), B_MAC, B_GATE)));
        rows.add(Row.forwarded("pod elsewhere", a(REMOTE), hop(a(REMOTE), A_GATE, A_MAC)));
        rows.add(Row.forwarded("pod elsewhere, IPv6", a(REMOTE6), hop(a(REMOTE6), A_GATE, A_MAC)));
        Ip six = Ip.parse("10.244.4.1");
        rows.add(Row.forwarded("IPv4 by an IPv6 gateway", a(six), hop(a(six), A_GATE, A_MAC)));
        Ip neighbour = Ip.parse("192.168.2.99");
        rows.add(Row.forwarded("on the nodes' network", a(neighbour), hop(a(neighbour), A_GATE, A_MAC)));
        for (Ip host : List.of(ROUTER, ROUTER6, NODE, NODE6)) {
            byte[] toStack = join(FL_HOST.bytes(), slice(a(host, 1), 6, a(host, 1).length));
            rows.add(Row.forwarded("node's own " + host + ": no hop taken", a(host, 1), toStack));
        }
        byte[] options = fromA(ipv4(A, B, 64, UDP, udp(3), 0, bytes(7, 7, 4, 0, 0, 0, 0, 0)));
        rows.add(Row.forwarded("options", options, hop(options, B_MAC, B_GATE)));
        byte[] fragment = fromA(ipv4(A, B, 64, UDP, udp(8), 0x2000));
        rows.add(Row.forwarded("first fragment", fragment, hop(fragment, B_MAC, B_GATE)));
        byte[] later = fromA(ipv4(A, B, 64, UDP, udp(8), 0x00b9));
        rows.add(Row.forwarded("later fragment", later, hop(later, B_MAC, B_GATE)));
        byte[] extension = fromA(ipv6(A6, B6, 64, HOP_BY_HOP, join(bytes(UDP, 0, 1, 4, 0, 0, 0, 0), udp(8))));
        rows.add(Row.forwarded("extension header", extension, hop(extension, B_MAC, B_GATE)));
        byte[] ping6 = fromA(ip(A6, B6, 64, ICMPV6, echo(A6, B6)));
        rows.add(Row.forwarded("ping, IPv6", ping6, hop(ping6, B_MAC, B_GATE)));
        byte[] padded = join(a(B), new byte[10]);
        rows.add(Row.forwarded("padding of the wire", padded, hop(padded, B_MAC, B_GATE)));
        // Every value the checksum can have, so that its carry is met.
        for (int i = 0; i < 2000; i++) {
            byte[] any = fromA(ipv4(A, B, 2 + i % 250, UDP, udp(i % 700), i % 8191));
            rows.add(Row.forwarded("checksum " + i, any, hop(any, B_MAC, B_GATE)));
        }
        node.check("from_container", node.lxcA, 0, Direction.EGRESS, rows);
    }

    @Test
    void fromContainerDrops() {
        List<Row> rows = new ArrayList<>();
        Ip forged = Ip.parse("10.244.1.99");
        for (Ip to : List.of(B, REMOTE, ROUTER)) {
            rows.add(Row.dropped("forged to " + to, fromA(ip(forged, to, 64, UDP, udp(1))), DROP_INVALID_SOURCE_IP));
        }
        rows.add(Row.dropped("as the neighbour", fromA(ip(B, A, 64, UDP, udp(1))), DROP_INVALID_SOURCE_IP));
        rows.add(Row.dropped("as the gateway", fromA(ip(ROUTER, B, 64, UDP, udp(1))), DROP_INVALID_SOURCE_IP));
        rows.add(Row.dropped("no source", fromA(ip(Ip.v4(0), B, 64, UDP, udp(1))), DROP_INVALID_SOURCE_IP));
        rows.add(Row.dropped("as B6", fromA(ip(B6, B6, 64, UDP, udp(1))), DROP_INVALID_SOURCE_IP));
        rows.add(Row.dropped("link-local", fromA(ip(LINK_LOCAL, B6, 64, UDP, udp(1))), DROP_INVALID_SOURCE_IP));
        rows.add(
                Row.dropped("link-local group", fromA(ip(LINK_LOCAL, ALL_NODES, 1, UDP, udp(1))), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("own group", a(ALL_NODES), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("group", a(Ip.parse("224.0.0.5")), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("broadcast", a(Ip.parse("255.255.255.255")), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("blackhole", a(Ip.parse("10.66.1.1")), DROP_FIB_LOOKUP_FAILED));
        rows.add(Row.dropped("blackhole, IPv6", a(Ip.parse("fd66:1::1")), DROP_FIB_LOOKUP_FAILED));
        rows.add(Row.dropped("not IP", ethernet(A_GATE, A_MAC, 0x88cc, new byte[50]), DROP_UNSUPPORTED_L2));
        rows.add(Row.dropped("802.3", ethernet(A_GATE, A_MAC, 40, new byte[50]), DROP_UNSUPPORTED_L2));
        byte[] tagged = join(slice(a(B), 0, 12), bytes(0x81, 0, 0, 5), slice(a(B), 12, a(B).length));
        rows.add(Row.dropped("VLAN", tagged, DROP_UNSUPPORTED_L2));
        rows.add(Row.dropped("version 5", with(a(B), 14, 0x55), DROP_INVALID_PACKET));
        rows.add(Row.dropped("header of 16", with(a(B), 14, 0x44), DROP_INVALID_PACKET));
        rows.add(Row.dropped("header beyond total", with(with(a(B), 14, 0x4f), 17, 59), DROP_INVALID_PACKET));
        rows.add(Row.dropped("total beyond frame", with(a(B), 17, 49), DROP_INVALID_PACKET));
        rows.add(Row.dropped("total of 19", with(a(B), 17, 19), DROP_INVALID_PACKET));
        rows.add(Row.dropped("version 4 as IPv6", with(a(B6), 14, 0x40), DROP_INVALID_PACKET));
        rows.add(Row.dropped("payload beyond frame", with(a(B6), 19, 29), DROP_INVALID_PACKET));
        node.check("from_container", node.lxcA, 0, Direction.EGRESS, rows);
        node.check(
                "from_container",
                node.flHost,
                0,
                Direction.EGRESS,
                List.of(
                        Row.dropped("no entry", a(B), DROP_ENDPOINT_NOT_READY),
                        Row.dropped(
                                "no entry, ARP",
                                ethernet(BROADCAST, A_MAC, ARP, arp(1, A_MAC, A, ROUTER)),
                                DROP_ENDPOINT_NOT_READY)));
        node.check(
                "from_container",
                node.ifindex("lxcn"),
                0,
                Direction.EGRESS,
                List.of(Row.dropped("no identity yet", a(B), DROP_INVALID_IDENTITY)));
    }

    @Test
    void truncatedAtEveryLengthIsDroppedAsInvalid() {
        List<Row> rows = new ArrayList<>();
        // Shorter ones a test run refuses; ForwardingTest sends them.
        for (int length = 34; length < a(B).length; length++) {
            rows.add(Row.dropped(length + " bytes", Arrays.copyOf(a(B), length), DROP_INVALID_PACKET));
        }
        for (int length = 54; length < a(B6).length; length++) {
            rows.add(Row.dropped(length + " bytes, IPv6", Arrays.copyOf(a(B6), length), DROP_INVALID_PACKET));
        }
        byte[] arp = ethernet(BROADCAST, A_MAC, ARP, arp(1, A_MAC, A, ROUTER));
        for (int length = 14; length < arp.length; length++) {
            rows.add(Row.dropped(length + " bytes, ARP", Arrays.copyOf(arp, length), DROP_INVALID_PACKET));
        }
        byte[] asked = solicitation(A6, ROUTER6, ROUTER6, A_MAC);
        for (int length = 0; length < 24; length++) {
            byte[] cut = fromA(ipv6(A6, ROUTER6, 255, ICMPV6, slice(asked, 40, 40 + length)));
            rows.add(Row.dropped("solicitation of " + length, cut, DROP_INVALID_PACKET));
        }
        node.check("from_container", node.lxcA, 0, Direction.EGRESS, rows);
    }

    @Test
    void gatewayIsAnsweredByArpAndNothingElseIs() {
        byte[] answer = ethernet(
                A_MAC,
                A_GATE,
                ARP,
                join(bytes(0, 1, 8, 0, 6, 4, 0, 2), A_GATE.bytes(), ROUTER.bytes(), A_MAC.bytes(), A.bytes()));
        List<Row> rows = new ArrayList<>();
        for (Mac to : List.of(BROADCAST, A_GATE)) {
            rows.add(answered("gateway", ethernet(to, A_MAC, ARP, arp(1, A_MAC, A, ROUTER)), answer));
        }
        rows.add(Row.dropped("a neighbour", arpFrame(arp(1, A_MAC, A, B)), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("itself", arpFrame(arp(1, A_MAC, A, A)), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("an answer", arpFrame(arp(2, A_MAC, A, ROUTER)), DROP_UNKNOWN_TARGET));
        rows.add(Row.dropped("forged sender", arpFrame(arp(1, A_MAC, B, ROUTER)), DROP_INVALID_SOURCE_IP));
        rows.add(Row.dropped("probe", arpFrame(arp(1, A_MAC, Ip.v4(0), ROUTER)), DROP_INVALID_SOURCE_IP));
        for (int at : new int[] {15, 17, 18, 19}) {
            byte[] odd = with(arpFrame(arp(1, A_MAC, A, ROUTER)), at, 9);
            rows.add(Row.dropped("odd byte " + at, odd, DROP_INVALID_PACKET));
        }
        node.check("from_container", node.lxcA, 0, Direction.EGRESS, rows);
    }

    @Test
    void gatewayIsAnsweredByNeighbourDiscoveryAndNothingElseIs() {
        List<Row> rows = new ArrayList<>();
        Ip solicited = Ip.parse("ff02::1:ff00:1");
        for (Ip from : List.of(A6, LINK_LOCAL)) {
            for (Ip target : List.of(ROUTER6, Ip.parse("fe80::1"))) {
                byte[] message = join(bytes(136, 0, 0, 0, 0xe0, 0, 0, 0), target.bytes(), bytes(2, 1), A_GATE.bytes());
                int sum = checksum6(target, from, message);
                message[2] = (byte) (sum >> 8);
                message[3] = (byte) sum;
                byte[] answer = ethernet(A_MAC, A_GATE, ipv6(target, from, 255, ICMPV6, message));
                byte[] asked = solicitation(from, solicited, target, A_MAC);
                rows.add(answered(from + " asks " + target, fromA(asked), answer));
                byte[] bare = ipv6(from, target, 255, ICMPV6, slice(asked, 40, 64));
                rows.add(answered(from + " asks " + target + " without option", fromA(bare), answer));
            }
        }
        rows.add(Row.dropped("a neighbour", nd(A6, B6, 255), DROP_FORBIDDEN_ICMPV6));
        rows.add(Row.dropped("duplicate detection", nd(Ip.v6(0, 0), A6, 255), DROP_FORBIDDEN_ICMPV6));
        rows.add(Row.dropped("claims the gateway", nd(Ip.v6(0, 0), ROUTER6, 255), DROP_FORBIDDEN_ICMPV6));
        rows.add(Row.dropped("from afar", nd(A6, ROUTER6, 254), DROP_FORBIDDEN_ICMPV6));
        rows.add(Row.dropped("forged", nd(B6, ROUTER6, 255), DROP_INVALID_SOURCE_IP));
        for (int type : new int[] {133, 134, 136, 137}) {
            byte[] other = with(nd(A6, ROUTER6, 255), 54, type);
            rows.add(Row.dropped("type " + type, other, DROP_FORBIDDEN_ICMPV6));
        }
        node.check("from_container", node.lxcA, 0, Direction.EGRESS, rows);
    }

    private static byte[] nd(Ip from, Ip target, int hops) {
        return with(fromA(solicitation(from, ALL_NODES, target, A_MAC)), 21, hops);
    }

    private static byte[] arpFrame(byte[] arp) {
        return ethernet(BROADCAST, A_MAC, ARP, arp);
    }

    /** Answers are the node's own: they carry its mark, so that to_container lets them pass. */
    private static Row answered(String what, byte[] frame, byte[] answer) {
        return new Row(what, frame, REDIRECT, Optional.empty(), o -> {
            assertThat(o.frame()).isEqualTo(answer);
            assertThat(o.mark()).isEqualTo(0x0c00);
        });
    }

    private static Row told(String what, byte[] frame, DropReason reason, int type, int code) {
        return new Row(what, frame, REDIRECT, Optional.of(reason), isError(frame, type, code));
    }

    /** The error goes back to where the packet came from, quotes it, and all its checksums are right. */
    private static Consumer<TestRun.Output> isError(byte[] about, int type, int code) {
        return output -> {
            byte[] frame = output.frame();
            assertThat(slice(frame, 0, 6)).isEqualTo(slice(about, 6, 12));
            assertThat(slice(frame, 6, 12)).isEqualTo(slice(about, 0, 6));
            assertThat(output.mark()).isEqualTo(0x0c00);
            byte[] packet = slice(about, 14, about.length);
            if (packet[0] >> 4 == 4) {
                byte[] quote = Arrays.copyOf(packet, Math.min(68, ((packet[2] & 255) << 8 | (packet[3] & 255))));
                assertThat(slice(frame, 12, 24))
                        .isEqualTo(join(bytes(8, 0, 0x45, 0xc0), u16(28 + quote.length), bytes(0, 0, 0, 0, 64, ICMP)));
                assertThat(slice(frame, 26, 34)).isEqualTo(join(ROUTER.bytes(), slice(packet, 12, 16)));
                assertThat(checksum(frame, 14, 34)).isZero();
                assertThat(slice(frame, 34, 36)).isEqualTo(bytes(type, code));
                assertThat(checksum(frame, 34, frame.length)).isZero();
                assertThat(slice(frame, 38, frame.length)).isEqualTo(join(mtu(type, code), quote));
            } else {
                byte[] quote = Arrays.copyOf(packet, Math.min(88, packet.length));
                Ip sender = Ip.of(slice(packet, 8, 24));
                assertThat(slice(frame, 12, 54))
                        .isEqualTo(join(
                                bytes(0x86, 0xdd, 0x60, 0, 0, 0),
                                u16(8 + quote.length),
                                bytes(ICMPV6, 64),
                                ROUTER6.bytes(),
                                sender.bytes()));
                assertThat(slice(frame, 54, 56)).isEqualTo(bytes(type, code));
                assertThat(checksum6(ROUTER6, sender, slice(frame, 54, frame.length)))
                        .isZero();
                assertThat(slice(frame, 58, frame.length)).isEqualTo(join(mtu(type, code), quote));
            }
        };
    }

    private static byte[] mtu(int type, int code) {
        return join(new byte[2], u16(type == 3 && code == 4 ? 600 : type == 2 ? 1400 : 0));
    }

    @Test
    void lastHopIsToldAndCounted() {
        List<Row> rows = new ArrayList<>();
        for (int ttl = 0; ttl < 2; ttl++) {
            for (Ip to : List.of(B, REMOTE)) {
                rows.add(told(to + " ttl " + ttl, a(to, ttl), DROP_TTL_EXCEEDED, 11, 0));
            }
            for (Ip to : List.of(B6, REMOTE6)) {
                rows.add(told(to + " ttl " + ttl, a(to, ttl), DROP_TTL_EXCEEDED, 3, 0));
            }
        }
        for (int size = 0; size < 120; size++) {
            rows.add(told("size " + size, fromA(ip(A, B, 1, UDP, udp(size))), DROP_TTL_EXCEEDED, 11, 0));
            rows.add(told("size6 " + size, fromA(ip(A6, B6, 1, UDP, udp(size))), DROP_TTL_EXCEEDED, 3, 0));
        }
        rows.add(told("header alone", fromA(ip(A, B, 1, 253, new byte[0])), DROP_TTL_EXCEEDED, 11, 0));
        rows.add(told("header alone, IPv6", fromA(ip(A6, B6, 1, 59, new byte[0])), DROP_TTL_EXCEEDED, 3, 0));
        rows.add(told("ping", fromA(ip(A, REMOTE, 1, ICMP, echo(A, REMOTE))), DROP_TTL_EXCEEDED, 11, 0));
        rows.add(told("ping6", fromA(ip(A6, REMOTE6, 1, ICMPV6, echo(A6, REMOTE6))), DROP_TTL_EXCEEDED, 3, 0));
        byte[] options = ipv4(A, B, 1, UDP, udp(30), 0, new byte[40]);
        rows.add(told("options", fromA(options), DROP_TTL_EXCEEDED, 11, 0));
        byte[] first = ipv6(A6, B6, 1, FRAGMENT, join(bytes(UDP, 0, 0, 1, 0, 0, 0, 9), udp(8)));
        rows.add(told("first fragment, IPv6", fromA(first), DROP_TTL_EXCEEDED, 3, 0));

        for (int type : new int[] {3, 4, 5, 11, 12}) {
            byte[] error = fromA(ip(A, B, 1, ICMP, join(bytes(type, 0), new byte[30])));
            rows.add(Row.dropped("error " + type + " is not answered", error, DROP_TTL_EXCEEDED));
        }
        for (int type : new int[] {1, 3, 127}) {
            byte[] error = fromA(ip(A6, B6, 1, ICMPV6, join(bytes(type, 0), new byte[30])));
            rows.add(Row.dropped("ICMPv6 error " + type, error, DROP_TTL_EXCEEDED));
            byte[] behind = ipv6(A6, B6, 1, 60, join(bytes(ICMPV6, 0, 1, 4, 0, 0, 0, 0, type, 0), new byte[30]));
            rows.add(Row.dropped("ICMPv6 error " + type + " behind options", fromA(behind), DROP_TTL_EXCEEDED));
        }
        rows.add(Row.dropped("later fragment", fromA(ipv4(A, B, 1, 253, udp(9), 1)), DROP_TTL_EXCEEDED));
        byte[] later = ipv6(A6, B6, 1, FRAGMENT, join(bytes(253, 0, 0, 8, 0, 0, 0, 9), udp(8)));
        rows.add(Row.dropped("later fragment, IPv6", fromA(later), DROP_TTL_EXCEEDED));
        byte[] cut = ipv6(A6, B6, 1, HOP_BY_HOP, bytes(HOP_BY_HOP, 9, 0, 0, 0, 0, 0, 0));
        rows.add(Row.dropped("extension header cut short", fromA(cut), DROP_INVALID_EXTENSION_HEADER));
        node.check("from_container", node.lxcA, 0, Direction.EGRESS, rows);
    }

    @Test
    void whatCannotBeReachedIsTold() {
        Ip unassigned = Ip.parse("10.244.1.200");
        Ip unassigned6 = Ip.parse("fd00:1::200");
        node.check(
                "from_container",
                node.lxcA,
                0,
                Direction.EGRESS,
                List.of(
                        told("no route", a(Ip.parse("203.0.113.1")), DROP_FIB_LOOKUP_FAILED, 3, 0),
                        told("no route, IPv6", a(Ip.parse("2001:db8::1")), DROP_FIB_LOOKUP_FAILED, 1, 0),
                        told("unreachable", a(Ip.parse("10.66.2.1")), DROP_FIB_LOOKUP_FAILED, 3, 0),
                        told("unreachable, IPv6", a(Ip.parse("fd66:2::1")), DROP_FIB_LOOKUP_FAILED, 1, 0),
                        told("prohibited", a(Ip.parse("10.66.3.1")), DROP_FIB_LOOKUP_FAILED, 3, 0),
                        told("nobody's pod address", a(unassigned), DROP_UNROUTABLE_IP, 3, 1),
                        told("nobody's pod address, IPv6", a(unassigned6), DROP_UNROUTABLE_IP, 1, 3)));
    }

    @Test
    void longerThanTheRouteAllowsIsToldTheMtu() {
        Ip narrow = Ip.parse("10.66.4.1");
        Ip narrow6 = Ip.parse("fd66:4::1");
        byte[] fits = fromA(ip(A, narrow, 64, UDP, udp(572)));
        byte[] fits6 = fromA(ip(A6, narrow6, 64, UDP, udp(1352)));
        byte[] long4 = fromA(ipv4(A, narrow, 64, UDP, udp(573), 0x4000));
        byte[] long6 = fromA(ip(A6, narrow6, 64, UDP, udp(1353)));
        node.check(
                "from_container",
                node.lxcA,
                0,
                Direction.EGRESS,
                List.of(
                        Row.forwarded("fits", fits, hop(fits, A_GATE, A_MAC)),
                        Row.forwarded("fits, IPv6", fits6, hop(fits6, A_GATE, A_MAC)),
                        told("too long", long4, DROP_FRAGMENTATION_NEEDED, 3, 4),
                        told("too long, IPv6", long6, DROP_FRAGMENTATION_NEEDED, 2, 0),
                        Row.dropped("may be cut", fromA(ip(A, narrow, 64, UDP, udp(573))), DROP_FRAGMENTATION_NEEDED)));
    }

    private static byte[] wire(Ip from, Ip to, int ttl) {
        return ethernet(WIRE, PEER, ip(from, to, ttl, UDP, udp(20)));
    }

    @Test
    void fromNetdevDeliversToPodsAndLeavesTheRest() {
        byte[] broken = with(wire(REMOTE, A, 64), 17, 200);
        byte[] toOther = ethernet(OTHER, PEER, ip(REMOTE, A, 64, UDP, udp(1)));
        byte[] tagged =
                join(slice(wire(REMOTE, A, 64), 0, 12), bytes(0x81, 0, 0, 5), slice(wire(REMOTE, A, 64), 12, 62));
        node.check(
                "from_netdev",
                node.wire,
                0,
                Direction.INGRESS,
                List.of(
                        Row.forwarded("pod", wire(REMOTE, A, 63), hop(wire(REMOTE, A, 63), A_MAC, A_GATE)),
                        Row.forwarded("pod, IPv6", wire(REMOTE6, A6, 63), hop(wire(REMOTE6, A6, 63), A_MAC, A_GATE)),
                        Row.forwarded(
                                "from the world",
                                wire(Ip.v4(1 << 24), B, 9),
                                hop(wire(Ip.v4(1 << 24), B, 9), B_MAC, B_GATE)),
                        told("last hop", wire(REMOTE, A, 1), DROP_TTL_EXCEEDED, 11, 0),
                        told("last hop, IPv6", wire(REMOTE6, A6, 1), DROP_TTL_EXCEEDED, 3, 0),
                        Row.dropped("last hop from no host", wire(Ip.parse("127.0.0.1"), A, 1), DROP_TTL_EXCEEDED),
                        Row.dropped("last hop from a group", wire(ALL_NODES, A6, 1), DROP_TTL_EXCEEDED),
                        Row.dropped("forged pod", wire(B, A, 64), DROP_INVALID_SOURCE_IP),
                        Row.dropped("forged pod to the node", wire(B6, NODE6, 64), DROP_INVALID_SOURCE_IP),
                        Row.dropped("forged node", wire(NODE, A, 64), DROP_INVALID_SOURCE_IP),
                        Row.untouched("node", wire(REMOTE, NODE, 1)),
                        Row.untouched("node, IPv6", wire(REMOTE6, NODE6, 1)),
                        Row.untouched("elsewhere", wire(REMOTE, Ip.parse("10.9.9.9"), 1)),
                        Row.untouched(
                                "ARP", ethernet(BROADCAST, PEER, ARP, arp(1, PEER, Ip.parse("192.168.2.33"), NODE))),
                        Row.untouched("not IP", ethernet(WIRE, PEER, 0x88cc, new byte[30])),
                        Row.untouched("VLAN", tagged),
                        Row.untouched("malformed: the stack drops it", broken),
                        Row.untouched("a frame for another", toOther)));
    }

    @Test
    void fromHostGoesToThePodWithoutAHop() {
        byte[] four = ethernet(BROADCAST, FL_HOST, ip(NODE, A, 1, UDP, udp(4)));
        byte[] six = ethernet(BROADCAST, FL_HOST, ip(REMOTE6, B6, 1, UDP, udp(4)));
        byte[] none = ethernet(BROADCAST, FL_HOST, ip(NODE, Ip.parse("10.244.1.200"), 64, UDP, udp(4)));
        byte[] own = ethernet(BROADCAST, FL_HOST, ip(REMOTE, NODE, 64, UDP, udp(4)));
        node.check(
                "from_host",
                node.flHost,
                0,
                Direction.INGRESS,
                List.of(
                        new Row("the node's own", four, REDIRECT, Optional.of(FORWARDED), o -> {
                            assertThat(o.frame())
                                    .isEqualTo(join(A_MAC.bytes(), A_GATE.bytes(), slice(four, 12, four.length)));
                            assertThat(o.mark()).as("judged").isEqualTo(0x0c00);
                        }),
                        new Row("forwarded, IPv6", six, REDIRECT, Optional.of(FORWARDED), o -> {
                            assertThat(o.frame())
                                    .isEqualTo(join(B_MAC.bytes(), B_GATE.bytes(), slice(six, 12, six.length)));
                            assertThat(o.mark()).as("judged").isEqualTo(0x0c00);
                        }),
                        told("nobody's pod address", none, DROP_UNROUTABLE_IP, 3, 1),
                        Row.dropped("the node's own address", own, DROP_UNROUTABLE_IP),
                        Row.dropped(
                                "group",
                                ethernet(BROADCAST, FL_HOST, ip(NODE6, ALL_NODES, 1, UDP, udp(1))),
                                DROP_UNKNOWN_TARGET),
                        Row.dropped(
                                "ARP",
                                ethernet(BROADCAST, FL_HOST, ARP, arp(1, FL_HOST, NODE, A)),
                                DROP_UNSUPPORTED_L2),
                        Row.dropped("malformed", with(four, 14, 0x41), DROP_INVALID_PACKET)));
    }

    @Test
    void toContainerTakesWhatIsForItsPodOnly() {
        byte[] four = ethernet(A_MAC, A_GATE, ip(NODE, A, 64, UDP, udp(4)));
        byte[] six = ethernet(A_MAC, A_GATE, ip(REMOTE6, A6, 64, UDP, udp(4)));
        List<Row> rows = List.of(
                new Row(
                        "for it",
                        four,
                        NEXT,
                        Optional.of(FORWARDED),
                        o -> assertThat(o.frame()).isEqualTo(four)),
                new Row(
                        "for it, IPv6",
                        six,
                        NEXT,
                        Optional.of(FORWARDED),
                        o -> assertThat(o.frame()).isEqualTo(six)),
                Row.dropped("for another", ethernet(A_MAC, A_GATE, ip(NODE, B, 64, UDP, udp(4))), DROP_UNROUTABLE_IP),
                Row.dropped(
                        "for another, IPv6",
                        ethernet(A_MAC, A_GATE, ip(NODE6, B6, 64, UDP, udp(4))),
                        DROP_UNROUTABLE_IP),
                Row.dropped(
                        "ARP of the stack",
                        ethernet(A_MAC, A_GATE, ARP, arp(1, A_GATE, ROUTER, A)),
                        DROP_UNSUPPORTED_L2),
                Row.dropped("malformed", with(four, 14, 0x41), DROP_INVALID_PACKET));
        node.check("to_container", node.lxcA, 0, Direction.INGRESS, rows);
        node.check("to_container", node.lxcA, 0x04040f02, Direction.INGRESS, rows);
        node.check(
                "to_container",
                node.flHost,
                0,
                Direction.INGRESS,
                List.of(Row.dropped("no entry", four, DROP_ENDPOINT_NOT_READY)));
        byte[] answer = ethernet(A_MAC, A_GATE, ARP, arp(2, A_GATE, ROUTER, A));
        node.check("to_container", node.lxcA, 0x0c00, Direction.INGRESS, List.of(Row.untouched("an answer", answer)));
    }

    @Test
    void randomPacketsNeverForwardABadSource() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[][] seeds = {
            a(B),
            a(B6),
            a(REMOTE),
            a(REMOTE6),
            a(B, 1),
            a(B6, 1),
            nd(A6, ROUTER6, 255),
            arpFrame(arp(1, A_MAC, A, ROUTER)),
            fromA(ipv6(A6, B6, 1, HOP_BY_HOP, join(bytes(FRAGMENT, 0, 1, 4, 0, 0, 0, 0), udp(40))))
        };
        String[] programs = {"from_container", "from_netdev", "from_host", "to_container"};
        node.inside(() -> {
            for (int i = 0; i < 20_000; i++) {
                byte[] frame = seeds[random.nextInt(seeds.length)].clone();
                for (int changes = random.nextInt(6); changes > 0; changes--) {
                    frame[14 + random.nextInt(Math.min(frame.length - 14, 60))] = (byte) random.nextInt(256);
                }
                int least = Math.min(frame.length, frame[12] == 8 ? (frame[13] == 6 ? 14 : 34) : 54);
                frame = Arrays.copyOf(frame, random.nextInt(5) == 0 ? least + random.nextInt(60) : frame.length);
                String program = programs[i % 8 < 5 ? 0 : i % 8 - 4];
                TestRun.Output output = TestRun.run(node.object.program(program), new TestRun.Input(frame, node.lxcA));
                assertThat(output.verdict()).isIn(NEXT, SHOT, REDIRECT);
                if (program.equals("from_container")) {
                    assertThat(output.verdict())
                            .as("nothing is left to the stack")
                            .isIn(SHOT, REDIRECT);
                    boolean answer = output.mark() == 0x0c00;
                    if (output.verdict() == REDIRECT && !answer) {
                        assertThat(hasOwnSource(frame))
                                .as("seed %d, frame %d", seed, i)
                                .isTrue();
                    }
                }
            }
            return null;
        });
    }

    private static boolean hasOwnSource(byte[] frame) {
        int type = (frame[12] & 255) << 8 | (frame[13] & 255);
        return (type == IPV4 && Arrays.equals(slice(frame, 26, 30), A.bytes()))
                || (type == IPV6 && Arrays.equals(slice(frame, 22, 38), A6.bytes()));
    }
}
