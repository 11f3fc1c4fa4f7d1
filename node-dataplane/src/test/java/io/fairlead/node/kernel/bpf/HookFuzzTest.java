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
import static io.fairlead.node.kernel.bpf.Frames.slice;
import static io.fairlead.node.kernel.bpf.Frames.u16;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.PolicyEntry;
import io.fairlead.node.kernel.PolicyKey;
import io.fairlead.node.kernel.PolicyRef;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Mutated packets through every hook under a policy for UDP to port 53 only: what goes on must be that. */
@Tag("root")
class HookFuzzTest {
    private static final int PACKETS = 1500;
    private static final PolicyRef CLOSED = new PolicyRef(5, true, true, false);

    /** A hook, and the ends of the packets that are sent to it. */
    private record Way(String program, int ifindex, Mac to, Mac from, List<Ip> src, List<Ip> dst) {}

    private static List<Way> ways(Node n) {
        List<Ip> a = List.of(Node.A, Node.A6);
        List<Ip> b = List.of(Node.B, Node.B6);
        List<Ip> host = List.of(Node.NODE, Node.NODE6);
        List<Ip> remote = List.of(Node.REMOTE, Node.REMOTE6);
        List<Ip> world = List.of(NatNode.WORLD, NatNode.WORLD6);
        return List.of(
                new Way("from_container", n.lxcA, Node.A_GATE, Node.A_MAC, a, b),
                new Way("from_container", n.lxcA, Node.A_GATE, Node.A_MAC, a, world),
                new Way("from_container", n.lxcA, Node.A_GATE, Node.A_MAC, a, remote),
                new Way("from_netdev", n.wire, Node.WIRE, Node.PEER, remote, a),
                new Way("from_netdev", n.wire, Node.WIRE, Node.PEER, world, host),
                new Way("from_host", n.flHost, Node.FL_HOST, Node.FL_HOST, host, a),
                new Way("to_container", n.lxcA, Node.A_MAC, Node.A_GATE, remote, a),
                new Way("to_netdev", n.wire, Node.PEER, Node.WIRE, a, world));
    }

    @Test
    void nothingForbiddenPassesByBpfHostRouting() {
        fuzz(false);
    }

    @Test
    void nothingForbiddenPassesThroughTheStack() {
        fuzz(true);
    }

    private static void fuzz(boolean legacy) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (NatNode nat = new NatNode(NatNode.options(legacy, false, new DatapathConfig.Ports(32768, 65535)))) {
            Node node = nat.node;
            assertThat(new PolicyMap(node.spec, node.object.map("policies"))
                            .upsert(Map.of(
                                    new PolicyKey(5, true, 0, UDP, 53, 16), new PolicyEntry(false, 1),
                                    new PolicyKey(5, false, 0, UDP, 53, 16), new PolicyEntry(false, 2))))
                    .isEmpty();
            node.enforce(CLOSED, CLOSED);
            PacketOracle oracle = new PacketOracle(53);
            MetricsMap metrics = new MetricsMap(node.spec, node.object.map("metrics"));
            node.inside(() -> {
                long[] before = totals(metrics);
                for (int i = 0; i < PACKETS; i++) {
                    for (Way way : ways(node)) {
                        byte[] frame = frame(random, way, i);
                        TestRun.Output output;
                        try {
                            output = TestRun.run(
                                    node.object.program(way.program), new TestRun.Input(frame, way.ifindex));
                        } catch (KernelException e) {
                            // Test runs want a whole IP header.
                            assertThat(frame.length).isLessThan(54);
                            continue;
                        }
                        long[] after = totals(metrics);
                        String what = "seed " + seed + ": " + way.program + " "
                                + HexFormat.of().formatHex(frame);
                        check(way, frame, output, after[0] - before[0], after[1] - before[1], oracle, what);
                        before = after;
                    }
                }
                return null;
            });
            assertThat(oracle.passed()).as("seed " + seed).isGreaterThan(200);
        }
    }

    private static void check(
            Way way,
            byte[] frame,
            TestRun.Output output,
            long forwarded,
            long dropped,
            PacketOracle oracle,
            String what) {
        assertThat(output.verdict()).as(what).isIn(allowed(way.program));
        boolean answer = output.verdict() == Node.REDIRECT && forwarded + dropped == 0;
        boolean untouched = output.verdict() == Node.NEXT && forwarded + dropped == 0;
        // Neighbour discovery is answered, and an error of ICMP is the end of what it is about.
        assertThat(forwarded + dropped).as(what).isEqualTo(answer || untouched ? 0 : 1);
        assertThat(dropped == 1 || output.verdict() != Node.SHOT).as(what).isTrue();
        if (answer) {
            assertThat(way.program).as(what).isEqualTo("from_container");
            byte[] says = output.frame();
            assertThat(says[13] == 6 || (says[20] == ICMPV6 && says[54] == (byte) 136))
                    .as(what)
                    .isTrue();
        }
        assertThat(untouched && way.program.equals("to_container")).as(what).isFalse();
        boolean translates = way.dst.contains(Node.NODE);
        // Through the stack, from_netdev reads no further than addresses.
        if (!translates && !(untouched && way.program.equals("from_netdev"))) {
            // Also of what the policy lets pass and something else ends: its connection is there.
            List<Ip> own = way.program.equals("from_container") ? way.src : List.of();
            boolean may = oracle.mayPass(frame, own);
            assertThat(forwarded == 0 || may).as(what).isTrue();
        }
    }

    private static List<Integer> allowed(String program) {
        return switch (program) {
            case "from_container", "from_host" -> List.of(Node.SHOT, Node.REDIRECT);
            case "to_container", "to_netdev" -> List.of(Node.SHOT, Node.NEXT);
            default -> List.of(Node.SHOT, Node.NEXT, Node.REDIRECT);
        };
    }

    /** How many packets went on, and how many ended. */
    private static long[] totals(MetricsMap metrics) {
        long[] totals = new long[2];
        metrics.read().forEach(m -> totals[m.reason() == 0 ? 0 : 1] += m.packets());
        return totals;
    }

    private static byte[] frame(Random random, Way way, int i) {
        boolean v4 = random.nextBoolean();
        Ip src = way.src.get(v4 ? 0 : 1);
        Ip dst = way.dst.get(v4 ? 0 : 1);
        byte[] frame = ethernet(way.to, way.from, v4 ? four(random, src, dst) : six(random, src, dst));
        return switch (random.nextInt(5)) {
            case 0 -> frame;
            case 1 -> Arrays.copyOf(frame, 15 + i % Math.max(1, frame.length - 15));
            case 2 -> join(frame, new byte[random.nextInt(40)]);
            default -> {
                for (int n = 1 + random.nextInt(3); n > 0; n--) {
                    // not its MACs: a frame for another is another matter
                    int at = 12 + random.nextInt(frame.length - 12);
                    frame[at] = random.nextBoolean()
                            ? (byte) random.nextInt(256)
                            : (byte) (frame[at] ^ (1 << random.nextInt(8)));
                }
                yield frame;
            }
        };
    }

    private static byte[] four(Random random, Ip src, Ip dst) {
        int protocol = protocol(random, true);
        byte[] upper = upper(random, src, dst, protocol);
        byte[] options = new byte[random.nextInt(4) == 0 ? random.nextInt(11) * 4 : 0];
        random.nextBytes(options);
        int fragment = random.nextInt(4) == 0 ? List.of(0x2000, 0x2001, 1, 2).get(random.nextInt(4)) : 0x4000;
        return ipv4(src, dst, ttl(random), protocol, upper, fragment, options);
    }

    private static byte[] six(Random random, Ip src, Ip dst) {
        int protocol = protocol(random, false);
        byte[] payload = upper(random, src, dst, protocol);
        int next = protocol;
        for (int n = random.nextInt(3) == 0 ? random.nextInt(8) : 0; n > 0; n--) {
            int kind = List.of(0, 43, 44, 44, 51, 60, 59, 50).get(random.nextInt(8));
            byte[] extension = new byte[8 * (1 + random.nextInt(2))];
            extension[0] = (byte) next;
            extension[1] = (byte) (kind == 51 ? extension.length / 4 - 2 : extension.length / 8 - 1);
            if (kind == 44) {
                int place = List.of(1, 8, 9, 16, 0).get(random.nextInt(5));
                extension = bytes(next, 0, 0, place, 0, 0, 0, random.nextInt(3));
            }
            payload = join(extension, payload);
            next = kind;
        }
        byte[] packet = ipv6(src, dst, ttl(random), next, payload);
        if (random.nextInt(8) == 0) {
            packet[5] = (byte) random.nextInt(Math.max(1, packet[5]));
        }
        return packet;
    }

    private static int ttl(Random random) {
        return List.of(64, 64, 64, 255, 1, 0).get(random.nextInt(6));
    }

    private static int protocol(Random random, boolean v4) {
        int icmp = v4 ? ICMP : ICMPV6;
        return List.of(UDP, UDP, UDP, Packets.TCP, icmp, icmp, Packets.SCTP, random.nextInt(256))
                .get(random.nextInt(8));
    }

    private static byte[] upper(Random random, Ip src, Ip dst, int protocol) {
        int low = List.of(53, 53, 53, 54, 22).get(random.nextInt(5));
        int high = 4000 + random.nextInt(3);
        byte[] ports = random.nextInt(4) == 0 ? join(u16(low), u16(high)) : join(u16(high), u16(low));
        byte[] data = new byte[random.nextInt(24)];
        if (protocol == UDP) {
            return join(ports, u16(8 + data.length), u16(0), data);
        }
        if (protocol == Packets.TCP) {
            return join(ports, new byte[8], bytes(0x50, random.nextInt(64)), new byte[6], data);
        }
        if (protocol == ICMP || protocol == ICMPV6) {
            boolean v4 = protocol == ICMP;
            int type = List.of(v4 ? 8 : 128, v4 ? 0 : 129, v4 ? 3 : 1, 3, v4 ? 13 : 135, 2)
                    .get(random.nextInt(6));
            byte[] about = ip(dst, src, 64, UDP, join(u16(low), u16(high), u16(8), u16(0)));
            byte[] quote = random.nextBoolean() ? slice(about, 0, random.nextInt(about.length)) : about;
            return join(bytes(type, 0, 0, 0), u16(random.nextInt(2)), u16(1), quote);
        }
        return join(ports, new byte[8], data);
    }
}
