package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.ICMP;
import static io.fairlead.node.kernel.bpf.Frames.UDP;
import static io.fairlead.node.kernel.bpf.Frames.bytes;
import static io.fairlead.node.kernel.bpf.Frames.ipv4;
import static io.fairlead.node.kernel.bpf.Frames.ipv6;
import static io.fairlead.node.kernel.bpf.Frames.join;
import static io.fairlead.node.kernel.bpf.Frames.slice;
import static io.fairlead.node.kernel.bpf.NatNode.MASQUERADES;
import static io.fairlead.node.kernel.bpf.NatNode.WORLD;
import static io.fairlead.node.kernel.bpf.NatNode.WORLD6;
import static io.fairlead.node.kernel.bpf.NatNode.kinds;
import static io.fairlead.node.kernel.bpf.NatNode.nodeOf;
import static io.fairlead.node.kernel.bpf.NatNode.packet;
import static io.fairlead.node.kernel.bpf.Node.A;
import static io.fairlead.node.kernel.bpf.Node.A6;
import static io.fairlead.node.kernel.bpf.Node.NEXT;
import static io.fairlead.node.kernel.bpf.Node.NODE;
import static io.fairlead.node.kernel.bpf.Node.NODE6;
import static io.fairlead.node.kernel.bpf.Node.REDIRECT;
import static io.fairlead.node.kernel.bpf.Node.SHOT;
import static io.fairlead.node.kernel.bpf.Packets.SCTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.Packets.Packet;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Errors about translated packets, theirs and the pod's own; fragments; and what is broken. */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NatErrorTest {
    private static final Ip ROUTER = Ip.parse("198.51.100.1");
    private static final Ip ROUTER6 = Ip.parse("fd99::1");
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

    /** Time exceeded, and that the packet is too big, as a router says it of a packet; quoted bytes at most. */
    private static byte[] said(boolean tooBig, Ip to, int ttl, byte[] about, int quoted) {
        byte[] quote = slice(about, 0, Math.min(about.length, quoted));
        if (to.isV4()) {
            return Packets.error(ROUTER, to, ttl, tooBig ? 3 : 11, tooBig ? 4 : 0, tooBig ? 1300 : 0, quote);
        }
        return Packets.error(ROUTER6, to, ttl, tooBig ? 2 : 3, 0, tooBig ? 1300 : 0, quote);
    }

    /** Who asks at closed ports from many addresses must not drive pods' translations out. */
    @Test
    void refusalsOfTheNodesClosedPortsAreNotRemembered() {
        Packet refusal = new Packet(Node.NODE, 40000, NatNode.WORLD, 443, Packets.TCP, true, 64, new byte[0]);
        byte[] reset = refusal.bytes();
        reset[33] = 0x14;
        assertThat(nat.send(reset, 0).verdict()).isEqualTo(Node.NEXT);
        assertThat(nat.translations.all()).isEmpty();
        assertThat(nat.send(refusal.bytes(), 0).verdict()).isEqualTo(Node.NEXT);
        assertThat(nat.translations.all()).hasSize(1);
    }

    @Test
    void worldIsNotToldOfAHopBehindTheTranslation() {
        for (Packet packet : kinds(40000, new byte[20])) {
            Packet out = packet.from(NatNode.nodeOf(packet), nat.portOf(packet));
            assertThat(nat.arrive(out.answer().ttl(1).bytes()).verdict()).isEqualTo(Node.SHOT);
            assertThat(nat.arrive(out.answer().bytes()).verdict()).isEqualTo(Node.REDIRECT);
        }
    }

    @Test
    void errorsOfRoutersReachThePodAsItKnowsThePacket() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 60; round++) {
            int sport = round % 2 == 0 ? 1024 + random.nextInt(1000) : 40000 + random.nextInt(20000);
            for (Packet packet : kinds(sport, NatNode.random(random, 300))) {
                byte[] left = nat.left(packet.bytes());
                int least = packet.from().isV4() ? 28 : 48;
                for (int quoted : new int[] {least, least + 2 * random.nextInt(50), 2000}) {
                    boolean tooBig = random.nextBoolean();
                    byte[] about = packet.ttl(63).bytes();
                    assertThat(nat.arrived(said(tooBig, nodeOf(packet), 60, left, quoted)))
                            .as("seed %d, round %d, protocol %d, quoted %d", seed, round, packet.protocol(), quoted)
                            .isEqualTo(said(tooBig, packet.from(), 59, about, quoted));
                }
            }
        }
    }

    @Test
    void quotedUdpWithoutChecksumStaysWithout() {
        Packet packet = packet(UDP, true, 1024, new byte[7]);
        byte[] in = packet.bytes();
        in[26] = 0;
        in[27] = 0;
        byte[] back = nat.arrived(said(false, NODE, 60, nat.left(in), 100));
        byte[] about = packet.ttl(63).bytes();
        about[26] = 0;
        about[27] = 0;
        assertThat(back).isEqualTo(said(false, A, 59, about, 100));
    }

    @Test
    void errorsAboutNothingThatIsTranslatedStayWithTheStack() {
        Packet packet = packet(UDP, true, 40000, new byte[30]);
        byte[] left = nat.left(packet.bytes());
        for (int quoted = 0; quoted < 28; quoted++) {
            nat.staysWithStack(said(false, NODE, 60, left, quoted));
            // Short frames are padded on the wire; the padding is not part of the error.
            byte[] padded = join(said(false, NODE, 60, left, quoted), slice(left, quoted, left.length));
            nat.staysWithStack(padded);
        }
        nat.staysWithStack(said(false, NODE, 60, packet.from(NODE, 40001).bytes(), 100));
        nat.staysWithStack(said(false, NODE, 60, packet.from(WORLD, 40000).bytes(), 100));
        nat.staysWithStack(said(false, NODE, 60, ipv4(NODE, WORLD, 60, UDP, slice(left, 20, 40), 5), 100));
        nat.staysWithStack(said(false, NODE6, 60, ipv6(NODE6, WORLD6, 60, 0, new byte[40]), 100));
        for (int length = 28; length < 56; length++) {
            TestRun.Output output = nat.arrive(Arrays.copyOf(said(false, NODE, 60, left, 100), length));
            assertThat(output.verdict()).isEqualTo(NEXT);
        }
    }

    @Test
    void brokenErrorsAreNeverTranslatedWrongly() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            Packet packet = kinds(40000, new byte[40]).get(random.nextInt(8));
            byte[] left = i < 100
                    ? nat.left(packet.bytes())
                    : packet.from(nodeOf(packet), 40000).ttl(63).bytes();
            byte[] error = said(random.nextBoolean(), nodeOf(packet), 60, left, 20 + random.nextInt(100));
            for (int changes = random.nextInt(5); changes > 0; changes--) {
                error[1 + random.nextInt(error.length - 1)] = (byte) random.nextInt(256);
            }
            int least = packet.from().isV4() ? 20 : 40;
            byte[] sent =
                    random.nextInt(4) == 0 ? Arrays.copyOf(error, least + random.nextInt(error.length - least)) : error;
            TestRun.Output output = nat.arrive(sent);
            byte[] out = Packets.inside(output.frame());
            assertThat(output.verdict()).as("seed %d, packet %d", seed, i).isIn(NEXT, REDIRECT, SHOT);
            if (output.verdict() == NEXT) {
                assertThat(out).as("seed %d, packet %d", seed, i).isEqualTo(sent);
            } else if (output.verdict() == REDIRECT) {
                int at = packet.from().isV4() ? 16 : 24;
                assertThat(out).hasSameSizeAs(sent);
                assertThat(slice(out, at, at + (packet.from().isV4() ? 4 : 16)))
                        .as("seed %d, packet %d", seed, i)
                        .isEqualTo(packet.from().bytes());
            }
        }
    }

    @Test
    void errorsOfThePodAreAboutWhatTheWorldSent() {
        for (int sport : new int[] {1024, 40000}) {
            for (Packet packet : kinds(sport, new byte[50])) {
                nat.translations.clear();
                if (packet.protocol() == SCTP && sport < 32768) {
                    continue;
                }
                int port = nat.portOf(packet);
                Packet answer = packet.from(nodeOf(packet), port).answer().ttl(61);
                byte[] received = nat.arrived(answer.bytes());
                boolean v4 = packet.from().isV4();
                byte[] error = Packets.error(packet.from(), packet.to(), 64, v4 ? 3 : 1, v4 ? 3 : 4, 0, received);
                byte[] expected = Packets.error(
                        nodeOf(packet),
                        packet.to(),
                        63,
                        v4 ? 3 : 1,
                        v4 ? 3 : 4,
                        0,
                        answer.ttl(60).bytes());
                assertThat(nat.left(error)).as("protocol %d", packet.protocol()).isEqualTo(expected);
            }
        }
    }

    @Test
    void errorsOfThePodAboutUntranslatedConnectionsKeepItsAddress() {
        Packet asked = packet(UDP, true, 40000, new byte[9]).answer().ttl(64);
        byte[] received = nat.arrived(asked.bytes());
        byte[] error = Packets.error(A, WORLD, 64, 3, 3, 0, received);
        assertThat(nat.left(error)).isEqualTo(Packets.error(A, WORLD, 63, 3, 3, 0, received));
        byte[] unknown = Packets.error(
                A,
                WORLD,
                64,
                3,
                3,
                0,
                packet(UDP, true, 7, new byte[9]).answer().bytes());
        assertThat(nat.endOf(unknown)).contains(DropReason.DROP_NAT_NO_MAPPING);
    }

    private static byte[] fragment6(Ip from, Ip to, int ttl, int offset, boolean more, byte[] part) {
        byte[] header = bytes(UDP, 0, offset >> 8, (offset & 0xf8) | (more ? 1 : 0), 1, 2, 3, 4);
        return ipv6(from, to, ttl, 44, join(header, part));
    }

    @Test
    void fragmentsAreTranslatedWithTheirFirst() {
        Random random = new Random(3);
        byte[] data = new byte[1200];
        random.nextBytes(data);
        Packet packet = packet(UDP, true, 40777, data);
        byte[] in = slice(packet.bytes(), 20, 1228);
        byte[] out = slice(packet.from(NODE, 40777).bytes(), 20, 1228);
        assertThat(nat.left(ipv4(A, WORLD, 64, UDP, slice(in, 0, 800), 0x2000)))
                .isEqualTo(ipv4(NODE, WORLD, 63, UDP, slice(out, 0, 800), 0x2000));
        assertThat(nat.left(ipv4(A, WORLD, 64, UDP, slice(in, 800, 1208), 100)))
                .isEqualTo(ipv4(NODE, WORLD, 63, UDP, slice(out, 800, 1208), 100));
        byte[] back = slice(packet.answer().bytes(), 20, 1228);
        byte[] wire = slice(packet.from(NODE, 40777).answer().bytes(), 20, 1228);
        assertThat(nat.arrived(ipv4(WORLD, NODE, 64, UDP, slice(wire, 0, 800), 0x2000)))
                .isEqualTo(ipv4(WORLD, A, 63, UDP, slice(back, 0, 800), 0x2000));
        assertThat(nat.arrived(ipv4(WORLD, NODE, 64, UDP, slice(wire, 800, 1208), 100)))
                .isEqualTo(ipv4(WORLD, A, 63, UDP, slice(back, 800, 1208), 100));
        Packet six = packet(UDP, false, 40777, data);
        in = slice(six.bytes(), 40, 1248);
        out = slice(six.from(NODE6, 40777).bytes(), 40, 1248);
        assertThat(nat.left(fragment6(A6, WORLD6, 64, 0, true, slice(in, 0, 800))))
                .isEqualTo(fragment6(NODE6, WORLD6, 63, 0, true, slice(out, 0, 800)));
        assertThat(nat.left(fragment6(A6, WORLD6, 64, 800, false, slice(in, 800, 1208))))
                .isEqualTo(fragment6(NODE6, WORLD6, 63, 800, false, slice(out, 800, 1208)));
    }

    @Test
    void laterFragmentOfNothingIsNoBeginning() {
        byte[] data = new byte[100];
        nat.left(ipv4(A, WORLD, 64, UDP, slice(packet(UDP, true, 40778, data).bytes(), 20, 108), 0x2000));
        nat.translations.clear();
        assertThat(nat.endOf(ipv4(A, WORLD, 64, UDP, data, 11))).contains(DropReason.DROP_NAT_NO_MAPPING);
        assertThat(nat.translations.all()).isEmpty();
        nat.staysWithStack(ipv4(WORLD, NODE, 64, UDP, data, 13));
        assertThat(nat.endOf(ipv4(A, WORLD, 64, ICMP, data, 12))).contains(DropReason.DROP_FRAGMENT_NOT_FOUND);
    }
}
