package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.bytes;
import static io.fairlead.node.kernel.bpf.Frames.ethernet;
import static io.fairlead.node.kernel.bpf.Frames.ip;
import static io.fairlead.node.kernel.bpf.Frames.join;
import static io.fairlead.node.kernel.bpf.Frames.u16;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import io.fairlead.node.kernel.bpf.JudgeModel.Packet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Packets of every kind, in any order, under policies that change: the programs decide as the plain model does. */
@Tag("root")
class JudgeTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;
    private static final int ICMP = 1;
    private static final int ICMPV6 = 58;
    private static final Ip WORLD = Ip.parse("192.168.2.99");
    private static final Ip WORLD6 = Ip.parse("fd02::99");
    private static final int REMOTE_IDENTITY = 0x20404;

    private Node node;
    private PolicyMap policies;
    private final JudgeModel model = new JudgeModel(Map.of(
            Node.A,
            1001,
            Node.A6,
            1001,
            Node.B,
            1002,
            Node.B6,
            1002,
            Node.REMOTE,
            REMOTE_IDENTITY,
            Node.REMOTE6,
            REMOTE_IDENTITY,
            Node.NODE,
            1,
            Node.NODE6,
            1));

    @BeforeEach
    void start() {
        node = new Node();
        policies = new PolicyMap(node.spec, node.object.map("policies"));
        enforce(PolicyRef.NONE, PolicyRef.NONE);
    }

    @AfterEach
    void stop() {
        node.close();
    }

    @Test
    void generatedPacketsAndPoliciesAreJudgedAsTheModelSays() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            if (round % 8 == 0) {
                // the model does not know that connections end with time: after 10 s those that were closed
                evict();
            }
            int first = 1 + round * 2;
            PolicyRef a = ref(random, first);
            PolicyRef b = ref(random, first + 1);
            Map<PolicyKey, PolicyEntry> entries = new HashMap<>();
            for (int i = random.nextInt(40); i > 0; i--) {
                entries.put(key(random, first + random.nextInt(2)), new PolicyEntry(random.nextInt(3) == 0, i));
            }
            write(entries);
            enforce(a, b);
            for (int i = 0; i < 150; i++) {
                Packet packet = packet(random);
                Optional<DropReason> expected = model.send(packet);
                assertThat(send(packet))
                        .as("seed " + seed + ", round " + round + ", packet " + i + ": " + packet + ", policies " + a
                                + " " + b + " " + entries)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void answersPassWhateverThePolicyAndStopWhenTheConnectionIsForbidden() {
        PolicyRef closed = new PolicyRef(5, true, true, false);
        PolicyRef sends = new PolicyRef(6, true, true, false);
        write(Map.of(
                new PolicyKey(6, false, 1002, TCP, 80, 16), new PolicyEntry(false, 1),
                new PolicyKey(5, true, 1001, TCP, 80, 16), new PolicyEntry(false, 2)));
        enforce(sends, closed);
        Packet syn = new Packet(Node.A, Node.B, TCP, 1234, 80, 0, JudgeModel.SYN);
        Packet answer = new Packet(Node.B, Node.A, TCP, 80, 1234, 0, JudgeModel.SYN | JudgeModel.ACK);
        assertThat(send(answer)).contains(DropReason.DROP_POLICY);
        assertThat(send(syn)).isEmpty();
        assertThat(send(answer)).isEmpty();
        enforce(new PolicyRef(7, true, true, false), closed);
        assertThat(send(new Packet(Node.A, Node.B, TCP, 1234, 80, 0, JudgeModel.ACK)))
                .contains(DropReason.DROP_POLICY);
        assertThat(send(answer)).contains(DropReason.DROP_POLICY);
    }

    /** As in Cilium: an answer without a connection is a packet like any other. */
    @Test
    void evictedConnectionsAreJudgedAnewAndAnsweredAfterTheirNextPacket() {
        enforce(new PolicyRef(5, true, false, false), PolicyRef.NONE);
        Packet asks = new Packet(Node.A, Node.B, UDP, 3000, 80, 0, 0);
        Packet answer = new Packet(Node.B, Node.A, UDP, 80, 3000, 0, 0);
        assertThat(send(asks)).isEmpty();
        assertThat(send(answer)).isEmpty();
        evict();
        assertThat(send(answer)).contains(DropReason.DROP_POLICY);
        assertThat(send(asks)).isEmpty();
        assertThat(send(answer)).isEmpty();
        evict();
        enforce(new PolicyRef(5, true, false, false), new PolicyRef(6, true, false, false));
        assertThat(send(asks)).contains(DropReason.DROP_POLICY);
        assertThat(send(answer)).contains(DropReason.DROP_POLICY);
    }

    private void evict() {
        for (String table : List.of("ct4_tcp", "ct4_any", "ct6_tcp", "ct6_any")) {
            BpfMap connections = node.object.map(table);
            int size = connections.spec().keySize();
            connections.read(connections.spec().valueSize(), 64, (keys, values, count) -> {
                for (int i = 0; i < count; i++) {
                    connections.deleteOne(MapTable.rest(keys, i, size));
                }
            });
        }
        model.forgetConnections();
    }

    @Test
    void anAddressThatChangesItsIdentityIsJudgedAnew() {
        PolicyRef open = new PolicyRef(5, true, true, false);
        write(Map.of(
                new PolicyKey(5, true, REMOTE_IDENTITY, 0, 0, 0), new PolicyEntry(false, 1),
                new PolicyKey(5, false, REMOTE_IDENTITY, 0, 0, 0), new PolicyEntry(false, 2)));
        enforce(open, PolicyRef.NONE);
        Packet in = new Packet(Node.REMOTE, Node.A, UDP, 4000, 53, 0, 0);
        Packet answer = new Packet(Node.A, Node.REMOTE, UDP, 53, 4000, 0, 0);
        Packet out = new Packet(Node.A, Node.REMOTE, UDP, 5000, 53, 0, 0);
        assertThat(send(in)).isEmpty();
        assertThat(send(out)).isEmpty();
        IpcacheMap ipcache = new IpcacheMap(node.spec, node.object.map("ipcache"), node.object.map("generation"));
        assertThat(ipcache.upsert(
                        Map.of(Node.REMOTE.toCidr(), new IpcacheEntry(new IdentityId(0x20505), Optional.empty()))))
                .isEmpty();
        assertThat(send(out)).contains(DropReason.DROP_POLICY);
        assertThat(send(answer)).as("answers go to whoever asked").isEmpty();
        assertThat(send(in)).contains(DropReason.DROP_POLICY);
        assertThat(send(answer)).contains(DropReason.DROP_POLICY);
    }

    @Test
    void anEstablishedConnectionIsNoCoverForForgedSources() {
        Packet local = new Packet(Node.B, Node.A, UDP, 4000, 53, 0, 0);
        assertThat(send(local)).isEmpty();
        byte[] forged = ip(Node.B, Node.A, 64, UDP, join(u16(4000), u16(53), u16(12), new byte[6]));
        assertThat(netdev(forged)).contains(DropReason.DROP_INVALID_SOURCE_IP);
        byte[] reply = ip(Node.A, Node.B, 64, UDP, join(u16(53), u16(4000), u16(12), new byte[6]));
        assertThat(netdev(reply)).contains(DropReason.DROP_INVALID_SOURCE_IP);
    }

    @Test
    void errorsPassOnlyForPacketsThatWereSent() {
        PolicyRef closed = new PolicyRef(9, true, true, false);
        write(Map.of(new PolicyKey(9, false, REMOTE_IDENTITY, UDP, 53, 16), new PolicyEntry(false, 1)));
        enforce(closed, PolicyRef.NONE);
        byte[] query = ip(Node.A, Node.REMOTE, 64, UDP, join(u16(4000), u16(53), u16(8), u16(0)));
        byte[] unreachable = join(bytes(3, 1, 0, 0, 0, 0, 0, 0), query);
        Ip router = WORLD;
        byte[] error = ethernet(Node.WIRE, Node.PEER, ip(router, Node.A, 64, ICMP, unreachable));
        assertThat(run("from_netdev", node.wire, error)).contains(DropReason.DROP_POLICY);
        assertThat(run("from_container", node.lxcA, Node.fromA(query))).isEmpty();
        assertThat(run("from_netdev", node.wire, error)).isEmpty();
        byte[] other = ip(Node.B, Node.REMOTE, 64, UDP, join(u16(4000), u16(53), u16(8), u16(0)));
        byte[] stolen = join(bytes(3, 1, 0, 0, 0, 0, 0, 0), other);
        assertThat(run("from_netdev", node.wire, ethernet(Node.WIRE, Node.PEER, ip(router, Node.A, 64, ICMP, stolen))))
                .as("about another's packet")
                .contains(DropReason.DROP_POLICY);
        for (int length = 0; length < query.length; length++) {
            byte[] cut = join(bytes(3, 1, 0, 0, 0, 0, 0, 0), Frames.slice(query, 0, length));
            byte[] frame = ethernet(Node.WIRE, Node.PEER, ip(router, Node.A, 64, ICMP, cut));
            assertThat(run("from_netdev", node.wire, frame))
                    .as("cut at " + length)
                    .isPresent();
        }
    }

    @Test
    void laterFragmentsFollowTheirFirstAndNobodyElse() {
        PolicyRef closed = new PolicyRef(9, true, true, false);
        write(Map.of(new PolicyKey(9, true, REMOTE_IDENTITY, UDP, 53, 16), new PolicyEntry(false, 1)));
        enforce(closed, PolicyRef.NONE);
        byte[] first = Frames.ipv4(Node.REMOTE, Node.A, 64, UDP, join(u16(4000), u16(53), u16(100), u16(0)), 0x2000);
        byte[] later = Frames.ipv4(Node.REMOTE, Node.A, 64, UDP, new byte[16], 0x0001);
        byte[] forbidden =
                Frames.ipv4(Node.REMOTE, Node.A, 64, UDP, join(u16(4000), u16(54), u16(100), u16(0)), 0x2000);
        assertThat(netdev(later)).contains(DropReason.DROP_FRAGMENT_NOT_FOUND);
        assertThat(netdev(forbidden)).contains(DropReason.DROP_POLICY);
        assertThat(netdev(later)).contains(DropReason.DROP_FRAGMENT_NOT_FOUND);
        assertThat(netdev(first)).isEmpty();
        assertThat(netdev(later)).isEmpty();
        byte[] first6 = Frames.ipv6(
                Node.REMOTE6,
                Node.A6,
                64,
                Frames.FRAGMENT,
                join(bytes(UDP, 0, 0, 1, 0, 0, 0, 7), u16(4000), u16(53), u16(100), u16(0)));
        byte[] later6 = Frames.ipv6(
                Node.REMOTE6, Node.A6, 64, Frames.FRAGMENT, join(bytes(UDP, 0, 0, 8, 0, 0, 0, 7), new byte[16]));
        assertThat(netdev(later6)).contains(DropReason.DROP_FRAGMENT_NOT_FOUND);
        assertThat(netdev(first6)).isEmpty();
        assertThat(netdev(later6)).isEmpty();
        byte[] tiny = Frames.ipv4(Node.REMOTE, Node.A, 64, TCP, new byte[8], 0x2000);
        assertThat(netdev(tiny)).contains(DropReason.DROP_CT_INVALID_HEADER);
    }

    @Test
    void randomBytesNeverPassAnEnforcedPod() {
        enforce(new PolicyRef(11, true, true, false), new PolicyRef(11, true, true, false));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 4000; i++) {
            byte[] payload = new byte[random.nextInt(120)];
            random.nextBytes(payload);
            boolean v4 = random.nextBoolean();
            int protocol = List.of(TCP, UDP, ICMP, ICMPV6, SCTP, 0, 43, 44, 51, 60, 59, random.nextInt(256))
                    .get(random.nextInt(12));
            byte[] options = new byte[random.nextInt(11) * 4];
            byte[] out = v4
                    ? Frames.ipv4(
                            Node.A,
                            Node.REMOTE,
                            64,
                            protocol,
                            payload,
                            random.nextInt(4) == 0 ? random.nextInt(65536) & 0x3fff : 0,
                            options)
                    : Frames.ipv6(Node.A6, Node.REMOTE6, 64, protocol, payload);
            byte[] in = v4
                    ? Frames.ipv4(
                            Node.REMOTE,
                            Node.A,
                            64,
                            protocol,
                            payload,
                            random.nextInt(4) == 0 ? random.nextInt(65536) & 0x3fff : 0,
                            options)
                    : Frames.ipv6(Node.REMOTE6, Node.A6, 64, protocol, payload);
            int verdictOut =
                    node.run("from_container", node.lxcA, Node.fromA(out)).verdict();
            // Redirected to its own sender only as an answer to neighbour discovery, which is none here.
            assertThat(verdictOut).as("seed " + seed + " out " + i).isEqualTo(2);
            int verdictIn = node.run("from_netdev", node.wire, ethernet(Node.WIRE, Node.PEER, in))
                    .verdict();
            assertThat(verdictIn).as("seed " + seed + " in " + i).isEqualTo(2);
        }
    }

    private Optional<DropReason> netdev(byte[] packet) {
        return run("from_netdev", node.wire, ethernet(Node.WIRE, Node.PEER, packet));
    }

    private static PolicyRef ref(Random random, int id) {
        return random.nextInt(5) == 0
                ? PolicyRef.NONE
                : new PolicyRef(id, random.nextInt(4) != 0, random.nextInt(4) != 0, random.nextInt(6) == 0);
    }

    private static PolicyKey key(Random random, int policy) {
        int identity = List.of(0, 1, 2, 1001, 1002, REMOTE_IDENTITY).get(random.nextInt(6));
        int protocol = List.of(0, TCP, UDP, SCTP, ICMP, ICMPV6).get(random.nextInt(6));
        int bits = protocol == 0 ? 0 : List.of(0, 16, 16, 13, 8).get(random.nextInt(5));
        int port = (80 + random.nextInt(8)) & (0xffff << (16 - bits)) & 0xffff;
        if (protocol == ICMP && bits > 0) {
            bits = 16;
            port = 8;
        }
        if (protocol == ICMPV6 && bits > 0) {
            bits = 16;
            port = 128;
        }
        return new PolicyKey(policy, random.nextBoolean(), identity, protocol, port, bits);
    }

    private static Packet packet(Random random) {
        boolean v4 = random.nextBoolean();
        List<Ip> all = v4
                ? List.of(Node.A, Node.B, Node.REMOTE, WORLD, Node.NODE)
                : List.of(Node.A6, Node.B6, Node.REMOTE6, WORLD6, Node.NODE6);
        int from = random.nextInt(5);
        int to = from < 2 ? (from + 1 + random.nextInt(4)) % 5 : random.nextInt(2);
        int low = 80 + random.nextInt(8);
        int high = 3000 + random.nextInt(2);
        boolean forth = random.nextBoolean();
        int protocol = List.of(TCP, UDP, SCTP, v4 ? ICMP : ICMPV6).get(random.nextInt(4));
        if (protocol == ICMP || protocol == ICMPV6) {
            int asks = protocol == ICMP ? 8 : 128;
            int answers = protocol == ICMP ? 0 : 129;
            return forth
                    ? new Packet(all.get(from), all.get(to), protocol, high, 0, asks, 0)
                    : new Packet(all.get(from), all.get(to), protocol, 0, high, answers, 0);
        }
        int flags = List.of(
                        JudgeModel.SYN,
                        JudgeModel.SYN | JudgeModel.ACK,
                        JudgeModel.ACK,
                        JudgeModel.ACK | JudgeModel.FIN,
                        JudgeModel.RST)
                .get(random.nextInt(5));
        return new Packet(all.get(from), all.get(to), protocol, forth ? high : low, forth ? low : high, 0, flags);
    }

    private Optional<DropReason> send(Packet packet) {
        byte[] upper = switch (packet.protocol()) {
            case TCP ->
                join(
                        u16(packet.sport()),
                        u16(packet.dport()),
                        new byte[8],
                        bytes(0x50, packet.tcpFlags()),
                        new byte[6]);
            case ICMP, ICMPV6 -> join(bytes(packet.icmpType(), 0, 0, 0), u16(packet.sport() + packet.dport()), u16(1));
            default -> join(u16(packet.sport()), u16(packet.dport()), u16(12), new byte[6]);
        };
        byte[] packetBytes = ip(packet.src(), packet.dst(), 64, packet.protocol(), upper);
        if (model.pods.containsKey(packet.src())) {
            boolean a = packet.src().equals(Node.A) || packet.src().equals(Node.A6);
            Mac mac = a ? Node.A_MAC : Node.B_MAC;
            Mac gate = a ? Node.A_GATE : Node.B_GATE;
            return run("from_container", a ? node.lxcA : node.lxcB, ethernet(gate, mac, packetBytes));
        }
        if (packet.src().equals(Node.NODE) || packet.src().equals(Node.NODE6)) {
            return run("from_host", node.flHost, ethernet(Node.FL_HOST, Node.FL_HOST, packetBytes));
        }
        return run("from_netdev", node.wire, ethernet(Node.WIRE, Node.PEER, packetBytes));
    }

    private Optional<DropReason> run(String program, int ifindex, byte[] frame) {
        return node.endOf(program, ifindex, frame);
    }

    private void write(Map<PolicyKey, PolicyEntry> entries) {
        model.policies.clear();
        model.policies.putAll(entries);
        assertThat(policies.delete(policies.load().keySet())).isEmpty();
        assertThat(policies.upsert(entries)).isEmpty();
    }

    private void enforce(PolicyRef a, PolicyRef b) {
        model.pods.putAll(Map.of(Node.A, a, Node.A6, a, Node.B, b, Node.B6, b));
        node.enforce(a, b);
    }
}
