package io.fairlead.node.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.PodDevices.Pair;
import io.fairlead.node.endpoint.PodDevices.Spec;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class NetlinkPodDevicesTest {
    private static final int MTU = 1450;

    private final TestNetns node = new TestNetns();
    private final TestNetns pod = new TestNetns();
    private final TestNetns beyond = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(node.path());
    private final NetlinkPodDevices devices = new NetlinkPodDevices(netlink);

    @AfterEach
    void remove() {
        netlink.close();
        pod.close();
        beyond.close();
        node.close();
    }

    @Test
    void aPairOfBothFamiliesIsMadeFoundCheckedAndRemoved() throws Exception {
        Spec spec = dual();
        Pair pair = onNode(() -> devices.create(spec));
        assertThat(node.ip("link show fl_a1"))
                .contains(pair.hostMac().toString())
                .contains("mtu 1450")
                .contains(",UP,");
        assertThat(pod.ip("link show eth0"))
                .contains(pair.podMac().toString())
                .contains("mtu 1450")
                .contains(",UP,");
        assertThat(pod.ip("addr show eth0")).contains("10.244.1.5/32").contains("2001:db8:1::5/128");
        assertThat(pod.ip("route show").lines().map(String::strip))
                .containsExactlyInAnyOrder("default via 10.244.1.1 dev eth0 onlink", "10.244.1.1 dev eth0 scope link");
        assertThat(pod.ip("-6 route show")).contains("default via 2001:db8:1::1 dev eth0");
        assertThat(devices.find("fl_a1")).contains(pair);
        assertThat(onNode(() -> devices.check(spec))).isEmpty();
        devices.delete("fl_a1");
        devices.delete("fl_a1");
        assertThat(devices.find("fl_a1")).isEmpty();
        assertThat(pod.ip("link show")).doesNotContain("eth0");
    }

    @Test
    void theKernelAloneCarriesNothingForAPod() {
        node.addPair("uplink", "other");
        node.ip("link set other netns " + beyond.name());
        beyond.ip("link set other up");
        beyond.ip("addr add 10.9.0.2/16 dev other");
        beyond.ip("route add default via 10.9.0.1");
        onNode(() -> new HostDevices(netlink).ensure(List.of(Ip.parse("10.244.1.1"), Ip.parse("2001:db8:1::1")), MTU));
        Pair pair = onNode(() -> devices.create(dual()));
        // Even a pod that knows the gateway's address of layer 2, and a node that has the route back.
        pod.ip("neigh add 10.244.1.1 lladdr " + pair.hostMac() + " dev eth0 nud permanent");
        pod.ip("neigh add 2001:db8:1::1 lladdr " + pair.hostMac() + " dev eth0 nud permanent");
        assertThat(pod.status("ping -c 1 -W 1 10.244.1.1")).isNotZero();
        assertThat(pod.status("ping -c 1 -W 1 10.9.0.1")).isNotZero();
        assertThat(pod.status("ping -c 1 -W 1 10.9.0.2")).isNotZero();
        assertThat(pod.status("ping -6 -c 1 -W 1 2001:db8:1::1")).isNotZero();
        assertThat(pod.status("ping -6 -c 1 -W 1 2001:db8:9::1")).isNotZero();
        pod.ip("neigh del 10.244.1.1 dev eth0");
        assertThat(pod.status("ping -c 1 -W 1 10.244.1.1")).isNotZero();
        assertThat(pod.ip("neigh show 10.244.1.1")).doesNotContain("lladdr");
        // The control: the same pod and node do talk once the device is opened up by hand.
        node.ip("route add 10.244.1.5/32 dev fl_a1");
        set("arp_ignore", "0");
        assertThat(pod.status("ping -c 1 -W 2 10.244.1.1")).isZero();
        assertThat(pod.status("ping -c 1 -W 1 10.9.0.2")).isNotZero();
        set("forwarding", "1");
        assertThat(pod.status("ping -c 1 -W 2 10.9.0.2")).isZero();
    }

    @Test
    void onlyFamiliesWithAnAddressAreSetUp() throws Exception {
        Spec spec = spec("fl_a1", List.of("10.244.1.5/32"), List.of("10.244.1.1"));
        onNode(() -> devices.create(spec));
        assertThat(pod.ip("addr show eth0")).doesNotContain("inet6");
        assertThat(onNode(() -> devices.check(spec))).isEmpty();
    }

    @Test
    void aTakenNameIsRefusedAndLeftAlone() {
        onNode(() -> devices.create(dual()));
        String before = devices.find("fl_a1") + pod.ip("-o addr show");
        Spec sameInPod = spec("fl_a2", List.of("10.244.1.6/32"), List.of("10.244.1.1"));
        assertThatThrownBy(() -> onNode(() -> devices.create(sameInPod)))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(17))
                .hasMessageContaining("has an interface eth0");
        assertThatThrownBy(() -> onNode(() -> devices.create(dual())))
                .hasMessageContaining("the node has an interface fl_a1");
        assertThat(devices.find("fl_a1") + pod.ip("-o addr show")).isEqualTo(before);
        assertThat(netlink.link("fl_a2")).isEmpty();
    }

    @Test
    void nothingIsLeftWhenTheKernelRefusesAStep() {
        List<Spec> refused = List.of(
                spec("fl_a1", List.of("10.244.1.5/32", "10.244.1.5/32"), List.of("10.244.1.1")),
                spec("fl_a1", List.of("10.244.1.5/32"), List.of("10.244.1.1", "10.244.1.1")),
                spec("fl_a1", List.of("10.244.1.5/32"), List.of("224.0.0.1")));
        for (Spec spec : refused) {
            assertThatThrownBy(() -> onNode(() -> devices.create(spec))).isInstanceOf(KernelException.class);
            assertThat(node.ip("link show")).doesNotContain("fl_a1");
            assertThat(pod.ip("link show")).doesNotContain("eth0");
        }
    }

    @Test
    void badInputIsNamed() {
        Spec noNetns =
                new Spec("fl_a1", "/run/netns/fl-none", "eth0", MTU, List.of(Cidr.parse("10.244.1.5/32")), List.of());
        assertThatThrownBy(() -> onNode(() -> devices.create(noNetns)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("\"/run/netns/fl-none\" (expected: an existing file");
        Spec badName = spec("far-too-long-a-name", List.of(), List.of());
        assertThatThrownBy(() -> onNode(() -> devices.create(badName)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("\"far-too-long-a-name\" (expected:");
        Spec noNamespace = new Spec("fl_a1", "/proc/self/status", "eth0", MTU, List.of(), List.of());
        assertThatThrownBy(() -> onNode(() -> devices.create(noNamespace))).isInstanceOf(KernelException.class);
        assertThat(node.ip("link show")).doesNotContain("fl_a1");
    }

    @Test
    void whatDiffersIsToldInOneSentenceEach() throws Exception {
        Spec spec = dual();
        onNode(() -> devices.create(spec));
        pod.ip("addr del 10.244.1.5/32 dev eth0");
        pod.ip("link set eth0 mtu 1300");
        set("forwarding", "1");
        node.ip("link set fl_a1 down");
        assertThat(onNode(() -> devices.check(spec)))
                .contains(
                        "host interface fl_a1: down (expected: up)",
                        "sysctl net/ipv4/conf/fl_a1/forwarding: 1 (expected: 0)",
                        "pod interface eth0: MTU 1300 (expected: 1450)",
                        "pod address 10.244.1.5/32: missing");
        pod.ip("link set eth0 down");
        assertThat(onNode(() -> devices.check(spec))).contains("pod route 10.244.1.1/32 dev eth0: missing");
        node.ip("link del fl_a1");
        assertThat(onNode(() -> devices.check(spec)))
                .containsExactly("host interface fl_a1: missing", "pod interface eth0: missing");
    }

    @Test
    void manyPodsAreMadeQuickly() {
        List<TestNetns> pods = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                pods.add(new TestNetns());
            }
            List<Long> micros = new ArrayList<>();
            onNode(() -> {
                for (int i = 0; i < pods.size(); i++) {
                    Spec spec = new Spec(
                            "fl_p" + i,
                            pods.get(i).path(),
                            "eth0",
                            MTU,
                            List.of(Ip.parse("10.244.1.10").plus(i).toCidr()),
                            List.of(Ip.parse("10.244.1.1")));
                    long start = System.nanoTime();
                    devices.create(spec);
                    micros.add((System.nanoTime() - start) / 1_000);
                }
                return true;
            });
            micros.sort(null);
            System.out.println("pod pair: median " + micros.get(10) + " us, slowest " + micros.get(19) + " us");
            assertThat(micros.get(10)).isLessThan(50_000);
        } finally {
            pods.forEach(TestNetns::close);
        }
    }

    private void set(String name, String value) {
        onNode(() -> Files.writeString(Path.of("/proc/sys/net/ipv4/conf/fl_a1/" + name), value));
    }

    private <T> T onNode(Callable<T> action) {
        return node.run(action);
    }

    private Spec dual() {
        return spec("fl_a1", List.of("10.244.1.5/32", "2001:db8:1::5/128"), List.of("10.244.1.1", "2001:db8:1::1"));
    }

    private Spec spec(String host, List<String> addresses, List<String> gateways) {
        return new Spec(
                host,
                pod.path(),
                "eth0",
                MTU,
                addresses.stream().map(Cidr::parse).toList(),
                gateways.stream().map(Ip::parse).toList());
    }
}
