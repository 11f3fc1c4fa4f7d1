package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.bytes;
import static io.fairlead.node.kernel.bpf.Frames.ethernet;
import static io.fairlead.node.kernel.bpf.Frames.ip;
import static io.fairlead.node.kernel.bpf.Frames.join;
import static io.fairlead.node.kernel.bpf.Frames.u16;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.CtEntry;
import io.fairlead.node.kernel.CtEntry.Flag;
import io.fairlead.node.kernel.CtKey;
import io.fairlead.node.kernel.Sweep;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Connections that the programs themselves wrote, read back. */
@Tag("root")
class FollowedTest {
    private static final int TCP = 6;
    private static final int SYN = 2;
    private static final int ACK = 16;
    private static final long SECOND = 1_000_000_000;

    private final Node node = new Node();

    @AfterEach
    void stop() {
        node.close();
    }

    private static byte[] tcp(Ip from, Ip to, int sport, int dport, int flags) {
        return ip(from, to, 64, TCP, join(u16(sport), u16(dport), new byte[8], bytes(0x50, flags), new byte[6]));
    }

    private CtMap table(String name) {
        return new CtMap(node.spec, node.object.map(name));
    }

    private static Map<CtKey, CtEntry> read(CtMap map) {
        Map<CtKey, CtEntry> entries = new HashMap<>();
        map.read(entries::put);
        return entries;
    }

    @Test
    void aConnectionOfTwoPodsIsReadAsItWas() {
        byte[] syn = tcp(Node.B, Node.A, 0x0201, 0x0102, SYN);
        byte[] answer = tcp(Node.A, Node.B, 0x0102, 0x0201, SYN | ACK);
        assertThat(node.endOf("from_container", node.lxcB, ethernet(Node.B_GATE, Node.B_MAC, syn)))
                .isEmpty();
        assertThat(node.endOf("from_container", node.lxcA, Node.fromA(answer))).isEmpty();

        CtMap map = table("ct4_tcp");
        assertThat(read(map)).hasSize(1).allSatisfy((key, entry) -> {
            CtKey from = entry.flags().contains(Flag.BEGUN_BY_SECOND) ? key.swapped() : key;
            assertThat(from).isEqualTo(new CtKey(Node.B, Node.A, 0x0201, 0x0102, TCP));
            assertThat(entry.flags()).contains(Flag.INGRESS, Flag.EGRESS).doesNotContain(Flag.CLOSING);
            assertThat(entry.begun().packets()).isEqualTo(1);
            assertThat(entry.begun().tcpFlags()).isEqualTo(SYN);
            assertThat(entry.answered().packets()).isEqualTo(1);
            assertThat(entry.answered().bytes()).isEqualTo(14 + 40);
            assertThat(entry.answered().tcpFlags()).isEqualTo(SYN | ACK);
            assertThat(entry.judged().srcIdentity()).isEqualTo(1002);
            assertThat(entry.judged().dstIdentity()).isEqualTo(1001);
            assertThat(entry.expires())
                    .as("the JVM's clock is the programs'")
                    .isCloseTo(System.nanoTime() + 8000 * SECOND, within(30 * SECOND));
        });
        assertThat(map.sweep(System.nanoTime())).isEqualTo(new Sweep(1, 0));
        assertThat(map.sweep(System.nanoTime() + 8001 * SECOND)).isEqualTo(new Sweep(1, 1));
    }

    @Test
    void aConnectionIsFoundWhicheverEndThePodsProgramPutsFirst() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (Ip[] ends : List.of(new Ip[] {Node.A, Node.REMOTE}, new Ip[] {Node.A6, Node.REMOTE6})) {
            CtMap map = table(ends[0].isV4() ? "ct4_tcp" : "ct6_tcp");
            for (int i = 0; i < 50; i++) {
                int sport = 1 + random.nextInt(65535);
                int dport = 1 + random.nextInt(65535);
                node.endOf("from_container", node.lxcA, Node.fromA(tcp(ends[0], ends[1], sport, dport, SYN)));
                CtKey key = new CtKey(ends[0], ends[1], sport, dport, TCP);
                assertThat(map.expires(key)).as("seed " + seed + " " + key).isPresent();
                assertThat(map.expires(key.swapped())).isEqualTo(map.expires(key));
            }
            assertThat(read(map).values()).allMatch(entry -> entry.flags().contains(Flag.EGRESS));
        }
    }

    @Test
    void anEchoHasItsIdWhereItsSenderIs() {
        byte[] echo = ip(Node.A, Node.B, 64, 1, join(bytes(8, 0, 0, 0), u16(0x1234), u16(1)));
        assertThat(node.endOf("from_container", node.lxcA, Node.fromA(echo))).isEmpty();
        assertThat(table("ct4_any").expires(new CtKey(Node.A, Node.B, 0x1234, 0, 1)))
                .isPresent();
    }
}
