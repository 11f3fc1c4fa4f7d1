package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.ICMP;
import static io.fairlead.node.kernel.bpf.Frames.ICMPV6;
import static io.fairlead.node.kernel.bpf.Frames.UDP;
import static io.fairlead.node.kernel.bpf.Frames.bytes;
import static io.fairlead.node.kernel.bpf.Frames.ethernet;
import static io.fairlead.node.kernel.bpf.Frames.ip;
import static io.fairlead.node.kernel.bpf.Frames.ipv4;
import static io.fairlead.node.kernel.bpf.Frames.ipv6;
import static io.fairlead.node.kernel.bpf.Frames.join;
import static io.fairlead.node.kernel.bpf.Frames.u16;
import static io.fairlead.node.kernel.bpf.Packets.TCP;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Ways round a policy that somebody in a pod or on the nodes' network may try. */
@Tag("root")
class AttackTest {
    private static final int REMOTE_IDENTITY = 0x20404;
    private static final int SYN = 2;
    private static final int ACK = 16;
    private static final PolicyEntry ALLOW = new PolicyEntry(false, 1);
    private Node node;

    @BeforeEach
    void start() {
        node = new Node();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private void write(Map<PolicyKey, PolicyEntry> entries) {
        assertThat(new PolicyMap(node.spec, node.object.map("policies")).upsert(entries))
                .isEmpty();
    }

    private Optional<DropReason> send(byte[] packet, Ip from) {
        if (from.equals(Node.A) || from.equals(Node.A6)) {
            return node.endOf("from_container", node.lxcA, Node.fromA(packet));
        }
        if (from.equals(Node.B) || from.equals(Node.B6)) {
            return node.endOf("from_container", node.lxcB, ethernet(Node.B_GATE, Node.B_MAC, packet));
        }
        if (from.equals(Node.NODE) || from.equals(Node.NODE6)) {
            return node.endOf("from_host", node.flHost, ethernet(Node.FL_HOST, Node.FL_HOST, packet));
        }
        return arrive(packet);
    }

    private Optional<DropReason> arrive(byte[] packet) {
        return node.endOf("from_netdev", node.wire, ethernet(Node.WIRE, Node.PEER, packet));
    }

    private Optional<DropReason> tcp(Ip from, int sport, Ip to, int dport, int flags) {
        byte[] upper = join(u16(sport), u16(dport), new byte[8], bytes(0x50, flags), new byte[6]);
        return send(ip(from, to, 64, TCP, upper), from);
    }

    private Optional<DropReason> udp(Ip from, int sport, Ip to, int dport) {
        return send(ip(from, to, 64, UDP, join(u16(sport), u16(dport), u16(12), new byte[6])), from);
    }

    private Optional<DropReason> icmp(Ip from, Ip to, int type, int id) {
        int protocol = from.isV4() ? ICMP : ICMPV6;
        return send(ip(from, to, 64, protocol, join(bytes(type, 0, 0, 0), u16(id), u16(1), new byte[12])), from);
    }

    @Test
    void aConnectionThatIsForbiddenNowIsNotTakenOverByItsAnswers() {
        PolicyRef open = new PolicyRef(5, true, false, false);
        PolicyRef closed = new PolicyRef(6, true, false, false);
        PolicyRef openAgain = new PolicyRef(7, true, false, false);
        for (int id : new int[] {5, 7}) {
            for (int peer : new int[] {1001, REMOTE_IDENTITY}) {
                write(Map.of(
                        new PolicyKey(id, true, peer, TCP, 80, 16), ALLOW,
                        new PolicyKey(id, true, peer, UDP, 80, 16), ALLOW));
            }
        }
        for (Ip from : new Ip[] {Node.A, Node.A6, Node.REMOTE, Node.REMOTE6}) {
            Ip to = from.isV4() ? Node.B : Node.B6;
            node.enforce(PolicyRef.NONE, open);
            assertThat(tcp(from, 1234, to, 80, SYN)).isEmpty();
            assertThat(tcp(to, 80, from, 1234, SYN | ACK)).isEmpty();
            assertThat(udp(from, 1234, to, 80)).isEmpty();
            assertThat(udp(to, 80, from, 1234)).isEmpty();
            node.enforce(PolicyRef.NONE, closed);
            for (int i = 0; i < 3; i++) {
                assertThat(tcp(from, 1234, to, 80, ACK)).as(from + " " + i).contains(DropReason.DROP_POLICY);
                assertThat(tcp(to, 80, from, 1234, ACK)).as(to + " " + i).contains(DropReason.DROP_POLICY);
                assertThat(udp(from, 1234, to, 80)).as(from + " " + i).contains(DropReason.DROP_POLICY);
                assertThat(udp(to, 80, from, 1234)).as(to + " " + i).contains(DropReason.DROP_POLICY);
            }
            node.enforce(PolicyRef.NONE, openAgain);
            assertThat(tcp(from, 1234, to, 80, ACK)).isEmpty();
            assertThat(tcp(to, 80, from, 1234, ACK)).isEmpty();
            assertThat(udp(from, 1234, to, 80)).isEmpty();
            assertThat(udp(to, 80, from, 1234)).isEmpty();
            node.enforce(PolicyRef.NONE, closed);
            assertThat(tcp(from, 1234, to, 80, ACK)).contains(DropReason.DROP_POLICY);
            assertThat(tcp(to, 80, from, 1234, SYN))
                    .as("a connection of its own")
                    .isEmpty();
            assertThat(tcp(from, 1234, to, 80, SYN | ACK)).isEmpty();
        }
    }

    @Test
    void aPodThatMayNotSendAnyMoreIsNotAnsweredInto() {
        write(Map.of(new PolicyKey(5, false, REMOTE_IDENTITY, TCP, 80, 16), ALLOW));
        node.enforce(new PolicyRef(5, false, true, false), PolicyRef.NONE);
        assertThat(tcp(Node.A, 1234, Node.REMOTE, 80, SYN)).isEmpty();
        node.enforce(new PolicyRef(6, false, true, false), PolicyRef.NONE);
        assertThat(tcp(Node.A, 1234, Node.REMOTE, 80, ACK)).contains(DropReason.DROP_POLICY);
        assertThat(tcp(Node.REMOTE, 80, Node.A, 1234, ACK)).contains(DropReason.DROP_POLICY);
        assertThat(tcp(Node.A, 1234, Node.REMOTE, 80, ACK)).contains(DropReason.DROP_POLICY);
    }

    @Test
    void blockingWithoutRulesCountsForConnectionsThatAreThere() {
        node.enforce(PolicyRef.NONE, PolicyRef.NONE);
        assertThat(udp(Node.A, 1234, Node.B, 80)).isEmpty();
        node.enforce(PolicyRef.NONE, new PolicyRef(0, true, true, false));
        assertThat(udp(Node.A, 1234, Node.B, 80)).contains(DropReason.DROP_POLICY);
    }

    @Test
    void largePingsPassAsAWhole() {
        write(Map.of(
                new PolicyKey(5, false, 0, ICMP, 8, 16), ALLOW,
                new PolicyKey(5, false, 0, ICMPV6, 128, 16), ALLOW));
        node.enforce(new PolicyRef(5, true, true, false), PolicyRef.NONE);
        byte[] data = new byte[32];
        byte[] first = ipv4(Node.A, Node.REMOTE, 64, ICMP, join(bytes(8, 0, 0, 0, 0, 9, 0, 1), data), 0x2000);
        byte[] later = ipv4(Node.A, Node.REMOTE, 64, ICMP, data, 5);
        assertThat(send(first, Node.A)).isEmpty();
        assertThat(send(later, Node.A)).isEmpty();
        byte[] first6 = join(bytes(ICMPV6, 0, 0, 1, 0, 0, 0, 7), bytes(128, 0, 0, 0, 0, 9, 0, 1), data);
        byte[] later6 = join(bytes(ICMPV6, 0, 0, 0x28, 0, 0, 0, 7), data);
        assertThat(send(ipv6(Node.A6, Node.REMOTE6, 64, Frames.FRAGMENT, first6), Node.A6))
                .isEmpty();
        assertThat(send(ipv6(Node.A6, Node.REMOTE6, 64, Frames.FRAGMENT, later6), Node.A6))
                .isEmpty();
    }

    @Test
    void laterFragmentsWithForgedQuotesAreNoErrors() {
        write(Map.of(new PolicyKey(5, false, 0, UDP, 53, 16), ALLOW));
        node.enforce(new PolicyRef(5, true, true, false), PolicyRef.NONE);
        assertThat(udp(Node.A6, 4000, Node.REMOTE6, 53)).isEmpty();
        byte[] quote = ipv6(Node.A6, Node.REMOTE6, 64, UDP, join(u16(4000), u16(53), u16(8), u16(0)));
        byte[] first = join(bytes(ICMPV6, 0, 0, 1, 0, 0, 0, 7), bytes(128, 0, 0, 0, 0, 9, 0, 1));
        byte[] later = join(bytes(ICMPV6, 0, 0, 8, 0, 0, 0, 7), new byte[8], quote);
        assertThat(arrive(ipv6(Node.REMOTE6, Node.A6, 64, Frames.FRAGMENT, first)))
                .contains(DropReason.DROP_POLICY);
        assertThat(arrive(ipv6(Node.REMOTE6, Node.A6, 64, Frames.FRAGMENT, later)))
                .contains(DropReason.DROP_FRAGMENT_NOT_FOUND);
    }

    /** The ports behind the packet's end are not those its receiver finds in the next fragment. */
    @Test
    void paddingIsNoHeaderOfAFirstFragment() {
        write(Map.of(
                new PolicyKey(5, true, REMOTE_IDENTITY, UDP, 53, 16), ALLOW,
                new PolicyKey(5, true, REMOTE_IDENTITY, 47, 0, 0), ALLOW));
        node.enforce(new PolicyRef(5, true, true, false), PolicyRef.NONE);
        for (int next : new int[] {UDP, 47}) {
            byte[] whole = join(
                    bytes(60, 0, 0, 1, 0, 0, 0, next),
                    bytes(60, 0, 1, 4, 0, 0, 0, 0),
                    bytes(next, 0, 1, 4, 0, 0, 0, 0),
                    join(u16(4000), u16(53), u16(100), u16(0)));
            for (int length = 16; length < whole.length; length += 8) {
                byte[] packet = ipv6(Node.REMOTE6, Node.A6, 64, Frames.FRAGMENT, whole);
                packet[5] = (byte) length;
                boolean complete = next == 47 && length == 24;
                assertThat(arrive(packet).isEmpty()).as(next + " of " + length).isEqualTo(complete);
            }
        }
        byte[] later = join(bytes(UDP, 0, 0, 8, 0, 0, 0, UDP), u16(4000), u16(22), u16(100), u16(0));
        assertThat(arrive(ipv6(Node.REMOTE6, Node.A6, 64, Frames.FRAGMENT, later)))
                .contains(DropReason.DROP_FRAGMENT_NOT_FOUND);
    }

    @Test
    void oneTypeOfIcmpIsNoCoverForAnother() {
        write(Map.of(
                new PolicyKey(5, false, 0, ICMP, 8, 16), ALLOW,
                new PolicyKey(5, false, 0, ICMPV6, 128, 16), ALLOW));
        node.enforce(new PolicyRef(5, true, true, false), PolicyRef.NONE);
        for (int id : new int[] {0, 7, 13, 17}) {
            assertThat(icmp(Node.A, Node.REMOTE, 8, id)).isEmpty();
            assertThat(icmp(Node.A6, Node.REMOTE6, 128, id)).isEmpty();
            for (int type : new int[] {0, 9, 10, 13, 14, 15, 17, 18, 42}) {
                assertThat(icmp(Node.A, Node.REMOTE, type, id))
                        .as(type + " " + id)
                        .contains(DropReason.DROP_POLICY);
            }
            for (int type : new int[] {129, 130, 139, 140, 160}) {
                assertThat(icmp(Node.A6, Node.REMOTE6, type, id))
                        .as(type + " " + id)
                        .contains(DropReason.DROP_POLICY);
            }
            assertThat(icmp(Node.REMOTE, Node.A, 8, id)).as("asks back " + id).contains(DropReason.DROP_POLICY);
            assertThat(icmp(Node.REMOTE6, Node.A6, 128, id))
                    .as("asks back " + id)
                    .contains(DropReason.DROP_POLICY);
            assertThat(icmp(Node.REMOTE, Node.A, 0, id)).isEmpty();
            assertThat(icmp(Node.REMOTE6, Node.A6, 129, id)).isEmpty();
        }
    }

    @Test
    void theNodesConnectionsAreNoCoverForForgedSources() {
        for (boolean v4 : new boolean[] {true, false}) {
            Ip a = v4 ? Node.A : Node.A6;
            Ip host = v4 ? Node.NODE : Node.NODE6;
            assertThat(udp(host, 4000, a, 53)).isEmpty();
            assertThat(udp(a, 5000, host, 53)).isEmpty();
            assertThat(arrive(ip(host, a, 64, UDP, join(u16(4000), u16(53), u16(12), new byte[6]))))
                    .contains(DropReason.DROP_INVALID_SOURCE_IP);
            assertThat(arrive(ip(host, a, 64, UDP, join(u16(53), u16(5000), u16(12), new byte[6]))))
                    .contains(DropReason.DROP_INVALID_SOURCE_IP);
            assertThat(udp(host, 53, a, 5000)).isEmpty();
        }
    }

    @Test
    void rulesOfTheHostDecideRoutes() {
        node.in("""
                ip route add blackhole default table 100; ip -6 route add blackhole default table 100
                for f in -4 -6; do
                ip $f rule add ipproto tcp dport 443 lookup 100
                ip $f rule add ipproto udp sport 999 lookup 100
                done
                ip rule add from 10.244.1.11 lookup 100
                """);
        for (Ip to : new Ip[] {Node.REMOTE, Node.REMOTE6}) {
            Ip a = to.isV4() ? Node.A : Node.A6;
            assertThat(tcp(a, 1000, to, 80, SYN)).isEmpty();
            assertThat(tcp(a, 1000, to, 443, SYN)).contains(DropReason.DROP_FIB_LOOKUP_FAILED);
            assertThat(udp(a, 1000, to, 443)).isEmpty();
            assertThat(udp(a, 999, to, 443)).contains(DropReason.DROP_FIB_LOOKUP_FAILED);
        }
        assertThat(tcp(Node.B, 1000, Node.REMOTE, 80, SYN)).contains(DropReason.DROP_FIB_LOOKUP_FAILED);
        assertThat(tcp(Node.B6, 1000, Node.REMOTE6, 80, SYN)).isEmpty();
    }
}
