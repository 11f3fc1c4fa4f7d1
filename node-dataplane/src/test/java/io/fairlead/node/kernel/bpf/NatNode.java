package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.ICMP;
import static io.fairlead.node.kernel.bpf.Frames.ICMPV6;
import static io.fairlead.node.kernel.bpf.Frames.UDP;
import static io.fairlead.node.kernel.bpf.Frames.ethernet;
import static io.fairlead.node.kernel.bpf.Node.A;
import static io.fairlead.node.kernel.bpf.Node.A6;
import static io.fairlead.node.kernel.bpf.Node.NEXT;
import static io.fairlead.node.kernel.bpf.Node.NODE;
import static io.fairlead.node.kernel.bpf.Node.NODE6;
import static io.fairlead.node.kernel.bpf.Node.PEER;
import static io.fairlead.node.kernel.bpf.Node.REDIRECT;
import static io.fairlead.node.kernel.bpf.Node.WIRE;
import static io.fairlead.node.kernel.bpf.Packets.SCTP;
import static io.fairlead.node.kernel.bpf.Packets.TCP;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.MasqueradeAddress;
import io.fairlead.node.kernel.bpf.DatapathConfig.Masquerade;
import io.fairlead.node.kernel.bpf.DatapathConfig.Options;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import io.fairlead.node.kernel.bpf.Packets.Packet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** A node that masquerades, and packets through its hooks. */
final class NatNode implements AutoCloseable {
    static final Ip WORLD = Ip.parse("192.168.2.99");
    static final Ip WORLD6 = Ip.parse("fd02::99");
    static final Options MASQUERADES = options(false, false, new Ports(32768, 65535));

    final Node node;
    final Translations translations;
    final MasqueradeMap addresses;

    NatNode(Options options) {
        this(options, MapSizes.DECLARED);
    }

    NatNode(Options options, MapSizes sizes) {
        node = new Node(options, sizes);
        translations = new Translations(node.spec, node.object);
        addresses = new MasqueradeMap(node.spec, node.object.map("masquerade"));
        leavesByNode();
    }

    /** Gives the node's device the addresses that pods leave by. */
    void leavesByNode() {
        assertThat(addresses.upsert(Map.of(node.wire, new MasqueradeAddress(Optional.of(NODE), Optional.of(NODE6)))))
                .isEmpty();
    }

    static Options options(boolean legacy, boolean remoteNodes, Ports ports) {
        Options d = Options.DEFAULT;
        return new Options(0, legacy, new Masquerade(true, true, remoteNodes), ports, false, d.lifetimes());
    }

    /** Of pod A to the world. */
    static Packet packet(int protocol, boolean v4, int sport, byte[] data) {
        int dport = protocol == ICMP || protocol == ICMPV6 ? 0 : 443;
        return new Packet(v4 ? A : A6, sport, v4 ? WORLD : WORLD6, dport, protocol, true, 64, data);
    }

    static Packet udp(int sport) {
        return packet(UDP, true, sport, new byte[5]);
    }

    /** All that can be translated, in both families. */
    static List<Packet> kinds(int sport, byte[] data) {
        return List.of(
                packet(TCP, true, sport, data),
                packet(UDP, true, sport, data),
                packet(ICMP, true, sport, data),
                packet(SCTP, true, sport, data),
                packet(TCP, false, sport, data),
                packet(UDP, false, sport, data),
                packet(ICMPV6, false, sport, data),
                packet(SCTP, false, sport, data));
    }

    static byte[] random(Random random, int most) {
        byte[] data = new byte[random.nextInt(most)];
        random.nextBytes(data);
        return data;
    }

    static Ip nodeOf(Packet packet) {
        return packet.from().isV4() ? NODE : NODE6;
    }

    /** What becomes of a packet that pod A sends. */
    TestRun.Output leave(byte[] packet) {
        return node.run("from_container", node.lxcA, Node.fromA(packet));
    }

    /** The packet as it leaves the node. */
    byte[] left(byte[] packet) {
        TestRun.Output output = leave(packet);
        assertThat(output.verdict()).isEqualTo(REDIRECT);
        assertThat(output.mark()).isEqualTo(0x0300);
        return Packets.inside(output.frame());
    }

    Optional<DropReason> endOf(byte[] packet) {
        return node.endOf("from_container", node.lxcA, Node.fromA(packet));
    }

    /** The port, or id, that a packet leaves with. */
    int portOf(Packet packet) {
        byte[] out = left(packet.bytes());
        int header = packet.from().isV4() ? 20 : 40;
        int at = header + (packet.protocol() == ICMP || packet.protocol() == ICMPV6 ? 4 : 0);
        int port = (out[at] & 255) << 8 | (out[at + 1] & 255);
        assertThat(out).isEqualTo(packet.from(nodeOf(packet), port).ttl(63).bytes());
        return port;
    }

    TestRun.Output arrive(byte[] packet) {
        return node.run("from_netdev", node.wire, ethernet(WIRE, PEER, packet));
    }

    /** The packet as pod A receives it. */
    byte[] arrived(byte[] packet) {
        TestRun.Output output = arrive(packet);
        assertThat(output.verdict()).isEqualTo(REDIRECT);
        return Packets.inside(output.frame());
    }

    void staysWithStack(byte[] packet) {
        TestRun.Output output = arrive(packet);
        assertThat(output.verdict()).isEqualTo(NEXT);
        assertThat(Packets.inside(output.frame())).isEqualTo(packet);
    }

    /** What the stack sends by the node's device, as it leaves. */
    TestRun.Output send(byte[] packet, int mark) {
        byte[] frame = ethernet(PEER, WIRE, packet);
        return node.inside(
                () -> TestRun.run(node.object.program("to_netdev"), new TestRun.Input(frame, node.wire, mark, 1)));
    }

    @Override
    public void close() {
        node.close();
    }
}
