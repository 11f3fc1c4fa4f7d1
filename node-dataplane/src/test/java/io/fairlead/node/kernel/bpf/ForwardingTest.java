package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.Hook;
import io.fairlead.node.kernel.Hook.Direction;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Two nodes with pods, and real packets between them: what test runs cannot show, the redirects themselves. */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ForwardingTest {
    private final Machine one = new Machine(1);
    private final Machine three = new Machine(3);

    @BeforeAll
    void start() {
        Machine.connect(one, three);
        one.start(3);
        three.start(1);
        one.addPod("a", 10);
        one.addPod("b", 11);
        three.addPod("c", 10);
    }

    @AfterAll
    void stop() {
        try (one;
                three) {
            one.stopAgent();
            three.stopAgent();
        }
    }

    private static String ping(Namespace from, Ip to, String options) {
        return from.in("ping -n -c 2 -i 0.05 -W 1 " + options + " " + to + " 2>&1 || true");
    }

    private static void answers(Namespace from, Ip to, int ttl) {
        assertThat(ping(from, to, "")).contains("ttl=" + ttl).contains("2 received");
    }

    @Test
    void podsOfOneNodeReachEachOther() {
        answers(one.pods.get("a"), Machine.pod4(1, 11), 63);
        answers(one.pods.get("a"), Machine.pod6(1, 11), 63);
        answers(one.pods.get("b"), Machine.pod4(1, 10), 63);
    }

    @Test
    void podsOfTwoNodesReachEachOther() {
        answers(one.pods.get("a"), Machine.pod4(3, 10), 62);
        answers(one.pods.get("a"), Machine.pod6(3, 10), 62);
        answers(three.pods.get("c"), Machine.pod4(1, 11), 62);
    }

    @Test
    void podsAndNodesReachEachOtherUnderStrictReversePath() {
        for (Ip ip : List.of(one.ip(), one.ip6(), Machine.pod4(1, 1), Machine.pod6(1, 1))) {
            answers(one.pods.get("a"), ip, 64);
        }
        answers(one.pods.get("a"), three.ip(), 63);
        answers(one.pods.get("a"), three.ip6(), 63);
        answers(one.namespace, Machine.pod4(1, 10), 64);
        answers(one.namespace, Machine.pod6(1, 10), 64);
        answers(three.namespace, Machine.pod4(1, 10), 63);
    }

    @Test
    void lastHopIsHeardOf() {
        Namespace a = one.pods.get("a");
        assertThat(ping(a, Machine.pod4(1, 11), "-t 1")).contains("10.244.1.1").contains("Time to live exceeded");
        assertThat(ping(a, Machine.pod6(1, 11), "-t 1")).contains("fd00:1::1").contains("Hop limit");
        assertThat(ping(a, Machine.pod4(3, 10), "-t 2")).contains("10.244.3.1").contains("Time to live exceeded");
        assertThat(ping(a, Machine.pod6(3, 10), "-t 2")).contains("fd00:3::1").contains("Hop limit");
        assertThat(ping(a, Machine.pod4(1, 200), "")).contains("Destination Host Unreachable");
        assertThat(ping(a, Ip.parse("203.0.113.1"), "")).contains("Destination Net Unreachable");
    }

    @Test
    void nobodysAddressIsUnreachableForEverybody() {
        for (Namespace from : List.of(one.namespace, three.namespace, one.pods.get("a"), three.pods.get("c"))) {
            assertThat(ping(from, Machine.pod4(1, 200), ""))
                    .contains("From 10.244.1.1")
                    .contains("Destination Host Unreachable");
            assertThat(ping(from, Machine.pod6(1, 200), ""))
                    .contains("From fd00:1::1")
                    .contains("Address unreachable");
        }
    }

    /** What the stack takes although its destination is no single host's, or by a device without a program. */
    @Test
    void forgedSourcesInUnusualFramesAreNoPods() {
        one.namespace.in("ip link add side type veth peer name side netns " + three.namespace.name());
        one.namespace.in("ip link set side up; sysctl -qw net.ipv6.conf.side.forwarding=1");
        three.namespace.in("ip link set side up");
        long before = one.counted(DropReason.DROP_INVALID_SOURCE_IP, Metric.Direction.INGRESS);
        String result = three.namespace.in("""
                python3 - <<'PY'
                import socket
                def mac(text): return bytes.fromhex(text.replace(":", ""))
                def send(device, to, packet):
                    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                    s.bind((device, 0))
                    s.send(to + bytes(6) + packet)
                def six(source, to):
                    return (bytes.fromhex("86dd" "60000000" "00081140") + socket.inet_pton(socket.AF_INET6, source)
                            + socket.inet_pton(socket.AF_INET6, to) + bytes.fromhex("0fa0003500080000"))
                ens33 = mac("%s")
                side = mac("%s")
                tag = bytes.fromhex("81000000")
                pod = six("fd00:1::11", "fd00:1::10")
                node = six("fd02::31", "fd00:1::10")
                send("ens33", ens33, tag + pod)
                send("ens33", ens33, tag + node)
                send("ens33", bytes([255] * 6), six("fd00:1::11", "fd02::31"))
                send("side", side, pod)
                print("sent")
                PY
                """.formatted(one.namespace.mac("ens33"), one.namespace.mac("side")));
        assertThat(result).contains("sent");
        long deadline = System.nanoTime() + 2_000_000_000L;
        long counted;
        do {
            counted = one.counted(DropReason.DROP_INVALID_SOURCE_IP, Metric.Direction.INGRESS) - before;
        } while (counted < 4 && System.nanoTime() < deadline);
        assertThat(counted).isEqualTo(4);
    }

    @Test
    void streamsWithLargeSegmentsArrive() {
        Namespace c = three.pods.get("c");
        String serve = "import socket;s=socket.create_server(('%s',0));print(s.getsockname()[1],flush=True);"
                + "c,_=s.accept();n=0\nwhile d:=c.recv(1<<20):n+=len(d)\nc.sendall(str(n).encode())";
        String send = "import socket;c=socket.create_connection(('%s',%s),5);c.sendall(bytes(20000000));"
                + "c.shutdown(socket.SHUT_WR);print(c.recv(99).decode())";
        for (Namespace from : List.of(one.pods.get("a"), c)) {
            Ip to = Machine.pod4(1, 11);
            String result = one.pods
                    .get("b")
                    .in("cd /tmp; f=$(mktemp); python3 -c \"" + serve.formatted(to)
                            + "\" > $f & i=0; while [ ! -s $f ] && [ $i -lt 500 ]; do sleep 0.01; i=$((i+1)); done\n"
                            + "nsenter --net=/run/netns/" + from.name() + " python3 -c \""
                            + send.formatted(to, "'$(cat $f)'")
                            + "\"; rm $f");
            assertThat(result.strip()).isEqualTo("20000000");
        }
    }

    @Test
    void forgedAndTruncatedFramesEndAtThePodsDevice() {
        long forged = one.counted(DropReason.DROP_INVALID_SOURCE_IP, Metric.Direction.EGRESS);
        long invalid = one.counted(DropReason.DROP_INVALID_PACKET, Metric.Direction.EGRESS);
        String result = one.pods.get("a").in("""
                python3 - <<'PY'
                import socket
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                s.bind(("eth0", 0))
                eth = bytes(12)
                four = eth + bytes.fromhex("0800" "45000030" "00004000" "40110000" "0af4010a" "0af4010b") + bytes(28)
                six = eth + bytes.fromhex("86dd" "60000000" "00141140") + bytes(32) + bytes(20)
                for n in range(15, 62):
                    s.send(four[:n])
                for n in range(15, 74):
                    s.send(six[:n])
                forged = bytearray(four)
                forged[29] = 99
                for _ in range(5):
                    s.send(forged)
                print("sent")
                PY
                """);
        assertThat(result).contains("sent");
        assertThat(one.counted(DropReason.DROP_INVALID_PACKET, Metric.Direction.EGRESS) - invalid)
                // the pod's own stack may say something of its own meanwhile
                .isBetween(62L - 15 + 74 - 15, 62L - 15 + 74 - 15 + 3);
        assertThat(one.counted(DropReason.DROP_INVALID_SOURCE_IP, Metric.Direction.EGRESS) - forged)
                .isEqualTo(5);
    }

    @Test
    void missingProgramCarriesNothing() {
        Namespace pod = one.addPod("d", 12);
        answers(pod, Machine.pod4(1, 11), 63);
        assertThat(one.links.delete(List.of(new Hook("lxcd", Direction.INGRESS))))
                .isEmpty();
        String neighbour = " lladdr " + one.namespace.mac("lxcd") + " dev eth0 nud permanent";
        pod.in("ip neigh replace 10.244.1.1" + neighbour + "; ip neigh replace fd00:1::1" + neighbour);
        for (Ip to : List.of(Machine.pod4(1, 11), Machine.pod4(3, 10), Machine.pod4(1, 1), one.ip(), three.ip())) {
            assertThat(ping(pod, to, "")).as("to " + to).contains(" 0 received");
        }
        for (Ip to : List.of(Machine.pod6(1, 11), Machine.pod6(3, 10), Machine.pod6(1, 1), one.ip6(), three.ip6())) {
            assertThat(ping(pod, to, "")).as("to " + to).contains(" 0 received");
        }
    }
}
