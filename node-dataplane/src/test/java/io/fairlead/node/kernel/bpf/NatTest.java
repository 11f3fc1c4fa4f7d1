package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.ICMP;
import static io.fairlead.node.kernel.bpf.Frames.UDP;
import static io.fairlead.node.kernel.bpf.NatNode.MASQUERADES;
import static io.fairlead.node.kernel.bpf.NatNode.WORLD;
import static io.fairlead.node.kernel.bpf.NatNode.WORLD6;
import static io.fairlead.node.kernel.bpf.NatNode.kinds;
import static io.fairlead.node.kernel.bpf.NatNode.nodeOf;
import static io.fairlead.node.kernel.bpf.NatNode.packet;
import static io.fairlead.node.kernel.bpf.NatNode.udp;
import static io.fairlead.node.kernel.bpf.Node.A;
import static io.fairlead.node.kernel.bpf.Node.B;
import static io.fairlead.node.kernel.bpf.Node.NEXT;
import static io.fairlead.node.kernel.bpf.Node.NODE;
import static io.fairlead.node.kernel.bpf.Node.REDIRECT;
import static io.fairlead.node.kernel.bpf.Node.REMOTE;
import static io.fairlead.node.kernel.bpf.Node.REMOTE6;
import static io.fairlead.node.kernel.bpf.Packets.SCTP;
import static io.fairlead.node.kernel.bpf.Packets.TCP;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.IpcacheEntry;
import io.fairlead.node.kernel.NoMasquerade;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import io.fairlead.node.kernel.bpf.Packets.Packet;
import io.fairlead.node.kernel.bpf.StructCodec.Value;
import io.fairlead.node.kernel.bpf.Translations.Translation;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Masquerade packet by packet: what leaves as the node, with which port, and what comes back. */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NatTest {
    private static final Ip OTHER_NODE = Ip.parse("192.168.2.33");
    private NatNode nat;

    @BeforeAll
    void start() {
        nat = new NatNode(MASQUERADES);
    }

    @AfterAll
    void stop() {
        nat.close();
    }

    @BeforeEach
    void forget() {
        nat.translations.clear();
    }

    @Test
    void packetsLeaveAsTheNodeAndAnswersComeBack() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 150; round++) {
            int sport = 32768 + random.nextInt(32768);
            for (Packet packet : kinds(sport, NatNode.random(random, 1400))) {
                String what = "seed " + seed + ", round " + round + ", protocol " + packet.protocol();
                Packet out = packet.from(nodeOf(packet), sport);
                assertThat(nat.left(packet.bytes()))
                        .as(what)
                        .isEqualTo(out.ttl(63).bytes());
                Packet back = packet.answer().ttl(50);
                assertThat(nat.arrived(out.answer().ttl(50).bytes()))
                        .as(what)
                        .isEqualTo(back.ttl(49).bytes());
            }
        }
    }

    @Test
    void portsOutsideTheRangeBecomeOnesInside() {
        Random random = new Random(7);
        for (Packet packet : kinds(1024, NatNode.random(random, 99))) {
            if (packet.protocol() == SCTP) {
                assertThat(nat.portOf(packet)).isEqualTo(1024);
                continue;
            }
            int port = nat.portOf(packet);
            assertThat(port).isBetween(32768, 65535);
            assertThat(nat.portOf(packet)).as("the second packet").isEqualTo(port);
            Packet answer = packet.from(nodeOf(packet), port).answer();
            assertThat(nat.arrived(answer.bytes()))
                    .isEqualTo(packet.answer().ttl(63).bytes());
        }
    }

    @Test
    void absentChecksumOfUdpStaysAbsent() {
        byte[] in = udp(1024).bytes();
        in[26] = 0;
        in[27] = 0;
        byte[] out = nat.left(in);
        assertThat(out[26] | out[27]).isZero();
        int port = (out[20] & 255) << 8 | (out[21] & 255);
        byte[] answer = udp(1024).from(NODE, port).answer().bytes();
        answer[26] = 0;
        answer[27] = 0;
        byte[] back = nat.arrived(answer);
        assertThat(back[26] | back[27]).isZero();
    }

    private void untouched(String what, Packet packet) {
        assertThat(nat.left(packet.bytes())).as(what).isEqualTo(packet.ttl(63).bytes());
        assertThat(nat.translations.all()).as(what).isEmpty();
    }

    @Test
    void clusterAndExcludedDestinationsSeeThePod() {
        IpcacheMap ipcache =
                new IpcacheMap(nat.node.spec, nat.node.object.map("ipcache"), nat.node.object.map("generation"));
        untouched("pod elsewhere", packet(UDP, true, 40000, new byte[3]).to(REMOTE, 53));
        untouched("pod elsewhere, IPv6", packet(UDP, false, 40000, new byte[3]).to(REMOTE6, 53));
        Packet toNode = udp(40000).to(OTHER_NODE, 80);
        Cidr node = Cidr.parse("192.168.2.33");
        ipcache.upsert(Map.of(node, new IpcacheEntry(IdentityId.REMOTE_NODE, Optional.empty())));
        untouched("other node", toNode);
        ipcache.upsert(Map.of(node, new IpcacheEntry(new IdentityId(1 << 24 | 5), Optional.empty())));
        assertThat(nat.left(toNode.to(OTHER_NODE, 81).bytes()))
                .as("a prefix that a policy names is the world's")
                .isEqualTo(toNode.to(OTHER_NODE, 81).from(NODE, 40000).ttl(63).bytes());
        ipcache.delete(List.of(node));
        nat.translations.clear();

        NoMasqueradeMap excluded = new NoMasqueradeMap(nat.node.spec, nat.node.object.map("no_masquerade"));
        Map<Cidr, NoMasquerade> cidrs = Map.of(
                Cidr.parse("192.168.2.64/28"), NoMasquerade.NATIVE,
                Cidr.parse("192.168.2.80/28"), NoMasquerade.NATIVE,
                Cidr.parse("192.168.2.112/28"), NoMasquerade.AGENT,
                Cidr.parse("fd02::7:0/112"), NoMasquerade.NATIVE);
        excluded.upsert(cidrs);
        for (String to : List.of("192.168.2.65", "192.168.2.95", "192.168.2.120")) {
            untouched(to, udp(40000).to(Ip.parse(to), 80));
        }
        untouched("IPv6", packet(TCP, false, 40000, new byte[3]).to(Ip.parse("fd02::7:1"), 80));
        for (String to : List.of("192.168.2.63", "192.168.2.96", "192.168.2.111", "192.168.2.128")) {
            assertThat(nat.portOf(udp(40000).to(Ip.parse(to), 80))).isEqualTo(40000);
        }
        excluded.delete(cidrs.keySet().stream().toList());
    }

    @Test
    void devicesWithoutAddressAndAnswersLeaveAsTheyAre() {
        nat.addresses.delete(List.of(nat.node.wire));
        untouched("no address", udp(40009));
        nat.leavesByNode();
        for (boolean v4 : new boolean[] {true, false}) {
            Packet asked = packet(TCP, v4, 40010, new byte[9]).answer().ttl(64);
            assertThat(nat.arrived(asked.bytes())).isEqualTo(asked.ttl(63).bytes());
            untouched("answer to who asked the pod itself", asked.answer().ttl(64));
        }
    }

    @Test
    void otherNodesSeeTheNodeWhenTheyAreTo() {
        try (NatNode remote = new NatNode(NatNode.options(false, true, new Ports(32768, 65535)))) {
            new IpcacheMap(remote.node.spec, remote.node.object.map("ipcache"), remote.node.object.map("generation"))
                    .upsert(Map.of(
                            Cidr.parse("192.168.2.33"), new IpcacheEntry(IdentityId.REMOTE_NODE, Optional.empty())));
            assertThat(remote.portOf(udp(40000).to(OTHER_NODE, 80))).isEqualTo(40000);
        }
    }

    @Test
    void rangeIsUsedToItsLastPortAndThenNoFurther() {
        try (NatNode few = new NatNode(NatNode.options(false, false, new Ports(40000, 40003)))) {
            Set<Integer> ports = new HashSet<>();
            for (int flow = 0; flow < 4; flow++) {
                ports.add(few.portOf(udp(1000 + flow)));
            }
            assertThat(ports).containsExactlyInAnyOrder(40000, 40001, 40002, 40003);
            assertThat(few.endOf(udp(1004).bytes())).contains(DropReason.DROP_NAT_NO_MAPPING);
            assertThat(few.endOf(udp(40002).bytes())).contains(DropReason.DROP_NAT_NO_MAPPING);
            assertThat(few.portOf(udp(1004).to(WORLD, 444))).isBetween(40000, 40003);
            assertThat(few.portOf(udp(1002))).as("flows that have one keep it").isIn(ports);
            Translation freed = few.translations.of(true).stream()
                    .filter(t -> t.sport() == 443)
                    .findFirst()
                    .orElseThrow();
            few.translations.delete(freed);
            few.translations.of(false).stream()
                    .filter(t -> t.port() == freed.dport() && t.dport() == 443)
                    .forEach(few.translations::delete);
            assertThat(few.portOf(udp(1004))).isEqualTo(freed.dport());
            assertThat(few.translations.of(true)).hasSize(5);
        }
    }

    @Test
    void largeRangesFillToo() {
        try (NatNode many = new NatNode(NatNode.options(false, false, new Ports(40000, 40511)))) {
            Set<Integer> ports = new HashSet<>();
            for (int flow = 0; flow < 512; flow++) {
                ports.add(many.portOf(packet(UDP, true, 1000 + flow, new byte[1])));
                ports.add(many.portOf(packet(UDP, false, 1000 + flow, new byte[1])) + 1000);
            }
            assertThat(ports).as("each family has all of its own").hasSize(1024);
            assertThat(many.endOf(udp(3000).bytes())).contains(DropReason.DROP_NAT_NO_MAPPING);
        }
    }

    @Test
    void eitherHalfThatIsEvictedIsMadeAgain() {
        for (boolean v4 : new boolean[] {true, false}) {
            nat.translations.clear();
            Packet packet = packet(UDP, v4, 1030, new byte[4]);
            int port = nat.portOf(packet);
            Translation in = nat.translations.of(true).get(0);
            Translation out = nat.translations.of(false).get(0);
            nat.translations.delete(in);
            assertThat(nat.portOf(packet)).isEqualTo(port);
            assertThat(nat.translations.of(true)).containsExactly(in);
            nat.translations.delete(out);
            nat.translations.put(in);
            nat.arrived(packet.from(nodeOf(packet), port).answer().bytes());
            assertThat(nat.translations.of(false)).containsExactly(out);
            assertThat(nat.portOf(packet)).isEqualTo(port);
        }
    }

    @Test
    void portThatBecameSomebodyElsesIsGivenUp() {
        Packet packet = udp(40100);
        assertThat(nat.portOf(packet)).isEqualTo(40100);
        Translation in = nat.translations.of(true).get(0);
        Translation others = new Translation(WORLD, 443, NODE, 40100, UDP, true, B, 7, 0);
        nat.translations.put(others);
        int port = nat.portOf(packet);
        assertThat(port).isNotEqualTo(40100);
        assertThat(nat.arrived(packet.from(NODE, port).answer().bytes()))
                .isEqualTo(packet.answer().ttl(63).bytes());
        assertThat(nat.translations.of(true)).contains(others).doesNotContain(in);
    }

    @Test
    void addressThatChangesIsUsedAtOnce() {
        nat.portOf(udp(40101));
        Translation out = nat.translations.of(false).get(0);
        nat.translations.put(new Translation(A, 40101, WORLD, 443, UDP, false, OTHER_NODE, 40101, 0));
        assertThat(nat.portOf(udp(40101))).isEqualTo(40101);
        assertThat(nat.translations.of(false)).containsExactly(out);
    }

    @Test
    void whatCannotBeTranslatedIsDropped() {
        assertThat(nat.endOf(Packets.ip(A, WORLD, 64, 47, new byte[30])))
                .contains(DropReason.DROP_NAT_UNSUPPORTED_PROTOCOL);
        byte[] information = Frames.bytes(15, 0, 0, 0, 0, 7, 0, 1);
        assertThat(nat.endOf(Packets.ip(A, WORLD, 64, ICMP, information)))
                .contains(DropReason.DROP_NAT_UNSUPPORTED_PROTOCOL);
        Packet sctp = packet(SCTP, true, 5000, new byte[4]);
        nat.translations.put(new Translation(WORLD, 443, NODE, 5000, SCTP, true, B, 5000, 0));
        assertThat(nat.endOf(sctp.bytes())).contains(DropReason.DROP_NAT_NO_MAPPING);
        nat.staysWithStack(udp(1).from(NODE, 40000).answer().bytes());
        nat.staysWithStack(Packets.ip(WORLD, NODE, 64, 47, new byte[30]));
        nat.translations.put(new Translation(WORLD, 443, NODE, 40000, UDP, true, Ip.parse("10.244.1.77"), 9, 0));
        nat.staysWithStack(udp(1).from(NODE, 40000).answer().bytes());
    }

    @Test
    void hostAndPodsNeverShareAPort() {
        for (Packet packet : kinds(40200, new byte[6])) {
            if (packet.protocol() == SCTP) {
                continue;
            }
            nat.translations.clear();
            Packet host = packet.from(nodeOf(packet), 40200);
            sent(host, host);
            assertThat(nat.translations.all()).singleElement().matches(t -> t.in() && t.flags() == Translations.HOST);
            sent(host, host);
            int port = nat.portOf(packet);
            assertThat(port).isNotEqualTo(40200);
            nat.staysWithStack(host.answer().bytes());
            assertThat(nat.arrived(host.from(nodeOf(packet), port).answer().bytes()))
                    .isEqualTo(packet.answer().ttl(63).bytes());
        }
    }

    private void sent(Packet packet, Packet expected) {
        TestRun.Output output = nat.send(packet.bytes(), 0);
        assertThat(output.verdict()).isEqualTo(NEXT);
        assertThat(Packets.inside(output.frame())).isEqualTo(expected.bytes());
    }

    @Test
    void hostGetsAnotherPortWhereAPodHasIt() {
        for (boolean v4 : new boolean[] {true, false}) {
            Packet pod = packet(TCP, v4, 40300, new byte[6]);
            assertThat(nat.portOf(pod)).isEqualTo(40300);
            Packet host = pod.from(nodeOf(pod), 40300);
            byte[] out = Packets.inside(nat.send(host.bytes(), 0).frame());
            int at = v4 ? 20 : 40;
            int port = (out[at] & 255) << 8 | (out[at + 1] & 255);
            assertThat(port).isNotEqualTo(40300);
            sent(host, host.from(nodeOf(pod), port));
            TestRun.Output back =
                    nat.arrive(host.from(nodeOf(pod), port).answer().bytes());
            assertThat(back.verdict()).isEqualTo(NEXT);
            assertThat(Packets.inside(back.frame())).isEqualTo(host.answer().bytes());
        }
    }

    @Test
    void hostPacketsOutsideTheRangeAndPacketsThatAreDoneLeaveNoTrace() {
        Packet low = udp(32767).from(NODE, 32767);
        sent(low, low);
        Packet pod = udp(40000);
        TestRun.Output done = nat.send(pod.bytes(), 0x0300);
        assertThat(Packets.inside(done.frame())).isEqualTo(pod.bytes());
        assertThat(done.mark()).isZero();
        assertThat(nat.send(low.bytes(), 0x40c00).mark()).isEqualTo(0x40c00);
        assertThat(nat.translations.all()).isEmpty();
    }

    @Test
    void throughTheStackItIsTheSame() {
        try (NatNode legacy = new NatNode(NatNode.options(true, false, new Ports(32768, 65535)))) {
            for (Packet packet : kinds(40400, new byte[40])) {
                TestRun.Output toStack = legacy.leave(packet.bytes());
                assertThat(toStack.verdict()).isEqualTo(REDIRECT);
                assertThat(Packets.inside(toStack.frame())).isEqualTo(packet.bytes());
                Packet out = packet.from(nodeOf(packet), 40400);
                TestRun.Output left = legacy.send(packet.bytes(), 0);
                assertThat(left.verdict()).isEqualTo(NEXT);
                assertThat(Packets.inside(left.frame())).isEqualTo(out.bytes());
                TestRun.Output back = legacy.arrive(out.answer().bytes());
                assertThat(back.verdict()).isEqualTo(NEXT);
                assertThat(Packets.inside(back.frame()))
                        .isEqualTo(packet.answer().bytes());
            }
            Packet pods = udp(40400).to(REMOTE, 53);
            assertThat(Packets.inside(legacy.send(pods.bytes(), 0).frame())).isEqualTo(pods.bytes());
            assertThat(legacy.node.endOf(
                            "to_netdev",
                            legacy.node.wire,
                            Frames.ethernet(Node.PEER, Node.WIRE, Packets.ip(A, WORLD, 64, 47, new byte[9]))))
                    .contains(DropReason.DROP_NAT_UNSUPPORTED_PROTOCOL);
        }
    }

    @Test
    void explainingTellsTheTranslationAndMakesNone() {
        Packet packet = packet(TCP, false, 40500, new byte[4]);
        byte[] out = explained("from_container", nat.node.lxcA, Node.fromA(packet.bytes()), 16, 40500);
        assertThat(out).isEqualTo(packet.from(nodeOf(packet), 40500).ttl(63).bytes());
        assertThat(nat.translations.all()).isEmpty();
        assertThat(nat.portOf(packet)).isEqualTo(40500);
        byte[] answer = packet.from(nodeOf(packet), 40500).answer().bytes();
        explained("from_netdev", nat.node.wire, Frames.ethernet(Node.WIRE, Node.PEER, answer), 32, 40500);
        nat.translations.clear();
        nat.translations.put(new Translation(WORLD6, 443, Node.NODE6, 40500, TCP, true, Node.B6, 7, 0));
        explained("from_container", nat.node.lxcA, Node.fromA(packet.bytes()), 16, -40500);
        assertThat(nat.translations.all()).hasSize(1);
    }

    /** port negative: any other. */
    private byte[] explained(String program, int ifindex, byte[] frame, int part, int port) {
        BpfMap map = nat.node.object.map("explained");
        StructCodec codec = nat.node.spec.struct("explanation");
        map.updateOne(
                io.fairlead.node.kernel.ffi.Bpf.integer(0), codec.allocate().buffer());
        TestRun.Output output = nat.node.inside(
                () -> TestRun.run(nat.node.object.program(program), new TestRun.Input(frame, ifindex, 0xfa170000, 1)));
        map.read(codec.size(), 1, (keys, values, count) -> {
            if (count == 0) {
                return;
            }
            Value read = codec.at(values, 0);
            assertThat(read.getInt("parts") & part)
                    .as("parts %x, dropped for %d", read.getInt("parts"), read.getInt("drop_reason"))
                    .isEqualTo(part);
            if (port < 0) {
                assertThat(read.getInt("nat_port")).isBetween(32768, 65535).isNotEqualTo(-port);
            } else {
                assertThat(read.getInt("nat_port")).isEqualTo(port);
            }
        });
        return Packets.inside(output.frame());
    }
}
