package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Pods of a node, a router that knows the node only, and the world behind it: real packets, with everything the
 * kernel does to them. By BPF host routing; {@link MasqueradeThroughStackTest} does the same through the stack.
 */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MasqueradeTest {
    private static final Ip WORLD = Ip.parse("203.0.113.9");
    private static final Ip WORLD6 = Ip.parse("fd09::9");
    private final Machine node = new Machine(1);
    private final Namespace router = new Namespace("r");
    private final Namespace world = new Namespace("w");

    boolean legacy() {
        return false;
    }

    @BeforeAll
    void start() {
        node.namespace.in("ip link add ens33 type veth peer name node netns " + router.name());
        router.in("ip link add world type veth peer name eth0 netns " + world.name());
        router.in("""
                sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0
                for d in lo node world; do ip link set $d up; done
                ip addr add 192.168.2.1/24 dev node; ip addr add fd02::1/64 dev node nodad
                ip addr add 203.0.113.1/24 dev world; ip addr add fd09::1/64 dev world nodad
                ip link set world mtu 1400
                """);
        world.in("""
                for d in lo eth0; do ip link set $d up; done
                ip addr add 203.0.113.9/24 dev eth0; ip addr add fd09::9/64 dev eth0 nodad
                ip route add default via 203.0.113.1 mtu 1400 advmss 1460
                ip -6 route add default via fd09::1 mtu 1400 advmss 1440
                """);
        node.start(3, NatNode.options(legacy(), false, new Ports(32768, 65535)));
        node.namespace.in("ip route add default via 192.168.2.1; ip -6 route add default via fd02::1");
        node.addPod("a", 10);
        node.addPod("b", 11);
    }

    @AfterAll
    void stop() {
        try (node;
                router;
                world) {
            node.stopAgent();
        }
    }

    /** Runs a server in the world until it ends, and a client at its port, PORT; what both say. */
    private String talk(Namespace from, String server, String client) {
        return world.in("""
                f=$(mktemp); timeout 20 python3 - > $f <<'PY' &
                import socket
                %s
                PY
                i=0; while [ ! -s $f ] && [ $i -lt 1000 ]; do sleep 0.01; i=$((i+1)); done
                PORT=$(head -1 $f) timeout 20 nsenter --net=/run/netns/%s python3 - <<'PY' 2>&1
                import os, socket
                PORT = int(os.environ["PORT"])
                %s
                PY
                wait; tail -n +2 $f; rm $f
                """.formatted(server, from.name(), client));
    }

    private Ip nodeOf(Ip world) {
        return world.isV4() ? node.ip() : node.ip6();
    }

    @Test
    void streamsWithLargeSegmentsArriveFromTheNode() {
        for (Ip to : List.of(WORLD, WORLD6)) {
            String said = talk(node.pods.get("a"), """
                    s = socket.create_server(("%s", 0), family=socket.AF_INET%s)
                    print(s.getsockname()[1], flush=True)
                    c, peer = s.accept()
                    n = 0
                    while d := c.recv(1 << 20): n += len(d)
                    c.sendall(bytes(n))
                    c.close()
                    print("from", peer[0], n)
                    """.formatted(to, to.isV4() ? "" : "6"), """
                    c = socket.create_connection(("%s", PORT), 10)
                    c.sendall(bytes(5000000))
                    c.shutdown(socket.SHUT_WR)
                    n = 0
                    while d := c.recv(1 << 20): n += len(d)
                    print("back", n)
                    """.formatted(to));
            assertThat(said).contains("from " + nodeOf(to) + " 5000000").contains("back 5000000");
        }
    }

    @Test
    void datagramsOfAnySizeAreEchoed() {
        for (Ip to : List.of(WORLD, WORLD6)) {
            String said = talk(node.pods.get("a"), """
                    s = socket.socket(socket.AF_INET%s, socket.SOCK_DGRAM)
                    s.bind(("%s", 0))
                    s.settimeout(10)
                    print(s.getsockname()[1], flush=True)
                    peers = set()
                    while d := s.recvfrom(9000):
                        peers.add(d[1][0])
                        s.sendto(d[0], d[1])
                        if d[0] == b"end": break
                    print("from", *peers)
                    """.formatted(to.isV4() ? "" : "6", to), """
                    s = socket.socket(socket.AF_INET%s, socket.SOCK_DGRAM)
                    s.settimeout(1)
                    s.setsockopt(%s)
                    s.connect(("%s", PORT))
                    same = 0
                    for n in [0, 1, 2, 3, 500, 501, 1200, 1471, 1600, 4001, 8000]:
                        d = os.urandom(n)
                        for attempt in range(4):
                            s.send(d)
                            try:
                                # late answers to what was given up
                                while s.recv(9000) != d: pass
                                same += 1
                                break
                            except OSError: pass
                    s.send(b"end")
                    print("same", same)
                    """.formatted(
                            to.isV4() ? "" : "6",
                            // as fragments, whatever the path: no reliance on what routers said before
                            to.isV4() ? "socket.IPPROTO_IP, 10, 0" : "socket.IPPROTO_IPV6, 24, 1280",
                            to));
            assertThat(said).contains("from " + nodeOf(to) + "\n").contains("same 11");
        }
    }

    @Test
    void pingsAreAnsweredAndRoutersAreHeard() {
        for (Ip to : List.of(WORLD, WORLD6)) {
            String answered = ping(to, "");
            assertThat(answered).contains("2 received");
            String hop = ping(to, "-t 2");
            assertThat(hop)
                    .contains("From " + (to.isV4() ? "192.168.2.1" : "fd02::1"))
                    .containsAnyOf("Time to live exceeded", "Hop limit");
            String large = ping(to, "-M do -s 1440");
            assertThat(large)
                    .containsAnyOf("mtu = 1400", "mtu=1400", "mtu: 1400")
                    .contains(" 0 received");
        }
    }

    private String ping(Ip to, String options) {
        return node.pods.get("b").in("ping -n -c 2 -i 0.1 -W 1 " + options + " " + to + " 2>&1 || true");
    }

    @Test
    void worldHearsThatThePodsPortIsClosed() {
        for (Ip to : List.of(WORLD, WORLD6)) {
            String said = talk(node.pods.get("a"), """
                    import time
                    s = socket.socket(socket.AF_INET%s, socket.SOCK_DGRAM)
                    s.bind(("%s", 0))
                    s.settimeout(10)
                    print(s.getsockname()[1], flush=True)
                    peer = s.recvfrom(99)[1]
                    s.connect(peer)
                    refused = False
                    for i in range(100):
                        try:
                            s.send(b"anybody?")
                            time.sleep(0.05)
                        except ConnectionRefusedError:
                            refused = True
                            break
                    print("refused", refused)
                    """.formatted(to.isV4() ? "" : "6", to), """
                    s = socket.socket(socket.AF_INET%s, socket.SOCK_DGRAM)
                    s.connect(("%s", PORT))
                    s.send(b"hello")
                    s.close()
                    """.formatted(
                            to.isV4() ? "" : "6", to));
            assertThat(said).contains("refused True");
        }
    }

    @Test
    void hostAndPodsMayHaveTheSamePort() {
        String client = """
                import threading, subprocess
                code = '''
                import socket, sys
                s = socket.socket()
                s.bind(("", 45678))
                s.settimeout(10)
                s.connect(("203.0.113.9", int(sys.argv[1])))
                s.sendall(sys.argv[2].encode())
                print(sys.argv[2], "hears", s.recv(9).decode(), flush=True)
                sys.stdin.read()
                '''
                all = [subprocess.Popen(["nsenter", "--net=/run/netns/" + n, "python3", "-c", code, str(PORT), n],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n in %s]
                for p in all: print(p.stdout.readline().strip())
                for p in all: p.communicate("")
                """.formatted("[\"" + node.pods.get("a").name() + "\", \"" + node.namespace.name() + "\", \""
                + node.pods.get("b").name() + "\"]");
        String said = talk(world, """
                s = socket.create_server(("203.0.113.9", 0))
                print(s.getsockname()[1], flush=True)
                open = [s.accept() for i in range(3)]
                for i, (c, peer) in enumerate(open):
                    c.settimeout(10)
                    print("peer", peer[0], c.recv(99).decode())
                    c.sendall(b"%d" % i)
                print("ports", len(set(peer[1] for c, peer in open)))
                """, client);
        assertThat(said).contains("ports 3");
        for (Namespace from : List.of(node.namespace, node.pods.get("a"), node.pods.get("b"))) {
            assertThat(said).contains("peer " + node.ip() + " " + from.name()).contains(from.name() + " hears ");
        }
    }
}
