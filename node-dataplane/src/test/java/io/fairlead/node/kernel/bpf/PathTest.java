package io.fairlead.node.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.DatapathConfig.Options;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the way between two nodes does to packets: its hops, its MTU, and a neighbour that is another device now. */
@Tag("root")
class PathTest {
    private Machine one;
    private Machine three;

    @BeforeEach
    void prepare() {
        one = new Machine(1);
        three = new Machine(3);
        Machine.connect(one, three);
    }

    @AfterEach
    void stop() {
        try (Machine first = one;
                Machine second = three) {
            first.stopAgent();
            second.stopAgent();
        }
    }

    private void start(boolean legacy) {
        Options d = Options.DEFAULT;
        Options options =
                new Options(0, legacy, d.masquerade(), new DatapathConfig.Ports(32768, 65535), false, d.lifetimes());
        one.start(3, options);
        three.start(1, options);
        one.addPod("a", 10);
        three.addPod("c", 10);
    }

    private String fromA(Ip to, String options) {
        return one.pods.get("a").in("ping -n -c 1 -W 2 " + options + " " + to + " 2>&1 || true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyHopOfARouteIsHeardOf(boolean legacy) {
        start(legacy);
        for (Ip to : List.of(Machine.pod4(3, 10), Machine.pod6(3, 10))) {
            boolean v4 = to.isV4();
            assertThat(fromA(to, "-t 1")).contains("From " + (v4 ? "10.244.1.1" : "fd00:1::1"));
            assertThat(fromA(to, "-t 2")).contains("From").containsAnyOf("Time to live exceeded", "Hop limit");
            assertThat(fromA(to, "-t 3")).contains("1 received");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void streamsLearnASmallerMtuOfTheRoute(boolean legacy) {
        start(legacy);
        // Of IPv6 a lookup by a program knows the MTU of a route only when it is locked.
        one.namespace.in("ip route replace 10.244.3.0/24 via 192.168.2.33 mtu 1300;"
                + "ip -6 route replace fd00:3::/64 via fd02::33 mtu lock 1300");
        for (Ip to : List.of(Machine.pod4(3, 10), Machine.pod6(3, 10))) {
            String said = three.pods.get("c").in("""
                    cd /tmp; f=$(mktemp); timeout 20 python3 -c "
                    import socket
                    s = socket.create_server(('%s', 0), family=socket.AF_INET%s)
                    print(s.getsockname()[1], flush=True)
                    c, _ = s.accept()
                    n = 0
                    while d := c.recv(1 << 20): n += len(d)
                    c.sendall(str(n).encode())" > $f &
                    i=0; while [ ! -s $f ] && [ $i -lt 1000 ]; do sleep 0.01; i=$((i+1)); done
                    nsenter --net=/run/netns/%s timeout 20 python3 -c "
                    import socket
                    c = socket.create_connection(('%s', $(cat $f)), 10)
                    c.sendall(bytes(2000000))
                    c.shutdown(socket.SHUT_WR)
                    print(c.recv(99).decode())"; rm $f
                    """.formatted(
                            to, to.isV4() ? "" : "6", one.pods.get("a").name(), to));
            assertThat(said.strip()).isEqualTo("2000000");
            assertThat(fromA(to, "-M do -s 1400")).containsAnyOf("mtu = 1300", "mtu=1300", "mtu: 1300");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPeersOtherMacIsLearntInSeconds(boolean legacy) {
        start(legacy);
        List<Ip> peers = List.of(Machine.pod4(3, 10), Machine.pod6(3, 10));
        peers.forEach(to -> assertThat(fromA(to, "")).contains("1 received"));
        three.namespace.in("ip link set ens33 address 02:33:33:33:33:33");
        for (Ip to : peers) {
            long start = System.nanoTime();
            String said = one.pods
                    .get("a")
                    .in("timeout 30 sh -c 'until ping -n -c 1 -W 1 " + to
                            + " > /dev/null; do :; done' && echo back || echo lost");
            assertThat(said).contains("back");
            assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
        }
    }
}
