package io.fairlead.node.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.NetlinkMonitor;
import io.fairlead.node.kernel.netlink.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The node's own devices, the native ones, and which nodes are reached over them. */
@Tag("root")
class HostDevicesTest {
    private static final List<Ip> ROUTERS = List.of(Ip.parse("10.244.1.1"), Ip.parse("2001:db8:1::1"));

    private final TestNetns node = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(node.path());
    private final HostDevices devices = new HostDevices(netlink);

    @AfterEach
    void remove() {
        netlink.close();
        node.close();
    }

    @Test
    void thePairIsMadeWithItsAddressesAndSettings() {
        HostDevices.Ends ends = ensure(ROUTERS);
        assertThat(node.ip("addr show fl_host"))
                .contains(
                        "10.244.1.1/32",
                        "2001:db8:1::1/128",
                        "NOARP",
                        ",UP,",
                        "mtu 1450",
                        ends.host().mac().toString());
        assertThat(node.ip("addr show fl_net"))
                .contains("NOARP", ",UP,", ends.net().mac().toString());
        assertThat(setting("ipv4/ip_forward")).isEqualTo("1");
        assertThat(setting("ipv4/conf/all/rp_filter")).isEqualTo("0");
        assertThat(setting("ipv4/ip_forward_use_pmtu")).isEqualTo("1");
        assertThat(setting("ipv4/conf/all/arp_notify")).isEqualTo("1");
        assertThat(setting("ipv6/conf/all/ndisc_notify")).isEqualTo("1");
        assertThat(setting("ipv4/conf/fl_net/accept_local")).isEqualTo("1");
        assertThat(setting("ipv6/conf/all/forwarding")).isEqualTo("1");
        devices.remove();
        assertThat(netlink.link("fl_net")).isEmpty();
    }

    @Test
    void aSecondTimeChangesNothingAndFlapsNothing() throws Exception {
        HostDevices.Ends first = ensure(ROUTERS);
        Semaphore changes = new Semaphore(0);
        Set<NetlinkMonitor.Topic> topics = EnumSet.allOf(NetlinkMonitor.Topic.class);
        try (NetlinkMonitor monitor =
                NetlinkMonitor.startIn(node.path(), topics, NetlinkMonitor.Ignored.NOTHING, counting(changes))) {
            while (changes.tryAcquire(500, TimeUnit.MILLISECONDS)) {
                // The IPv6 addresses of the first time are still settling.
            }
            assertThat(ensure(ROUTERS)).isEqualTo(first);
            assertThat(changes.tryAcquire(500, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(monitor).isNotNull();
        }
    }

    @Test
    void aFormerRouterAddressGoesAndTheDeviceStays() {
        HostDevices.Ends first = ensure(ROUTERS);
        assertThat(ensure(List.of(Ip.parse("10.244.7.1")))).isEqualTo(first);
        assertThat(node.ip("addr show fl_host"))
                .contains("10.244.7.1/32")
                .doesNotContain("10.244.1.1")
                .doesNotContain("2001:db8");
    }

    @Test
    void whatWasChangedByHandIsRepaired() {
        HostDevices.Ends first = ensure(ROUTERS);
        node.ip("link set fl_net down arp on mtu 1300");
        node.ip("addr flush dev fl_host");
        assertThat(ensure(ROUTERS)).isEqualTo(first);
        assertThat(node.ip("addr show fl_net")).contains("NOARP", ",UP,", "mtu 1450");
        assertThat(node.ip("addr show fl_host")).contains("10.244.1.1/32", "2001:db8:1::1/128");
    }

    @Test
    void aHalfOrForeignPairIsMadeAnew() {
        node.ip("link add fl_host type veth peer name x");
        ensure(ROUTERS);
        assertThat(netlink.link("x")).isEmpty();
        Link host = netlink.link("fl_host").orElseThrow();
        assertThat(netlink.peer(host).orElseThrow().name()).isEqualTo("fl_net");
    }

    @Test
    void nativeDevicesAreFoundByNameOrAddress() {
        node.addPair("eth0", "eth1");
        ensure(ROUTERS);
        NativeDevices natives = new NativeDevices(netlink);
        assertThat(natives.named(new DeviceNames(List.of("eth+"))))
                .extracting(Link::name)
                .containsExactlyInAnyOrder("eth0", "eth1");
        assertThat(natives.withAddress(List.of(Ip.parse("10.9.0.1"))))
                .extracting(Link::name)
                .containsExactly("eth0");
        assertThatThrownBy(() -> natives.named(new DeviceNames(List.of("eth0", "ens+"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("devices: ens+ (expected: some of ");
        assertThatThrownBy(() -> natives.withAddress(List.of(Ip.parse("192.0.2.1"))))
                .hasMessageContaining("192.0.2.1");
    }

    @Test
    void nodesMustBeReachableWithoutARouter() {
        node.addPair("eth0", "eth1");
        node.ip("route add 10.50.0.0/16 via 10.9.0.2");
        node.ip("route add unreachable 10.51.0.0/16");
        node.ip("route add 10.52.0.9/32 via 10.52.0.9 dev eth0 onlink");
        int eth0 = netlink.link("eth0").orElseThrow().index();
        DirectRoutes routes = new DirectRoutes(netlink);
        assertThat(routes.nextHop(Ip.parse("10.9.0.7"))).isEqualTo(new NextHop(Ip.parse("10.9.0.7"), eth0));
        assertThat(routes.nextHop(Ip.parse("2001:db8:9::7"))).isEqualTo(new NextHop(Ip.parse("2001:db8:9::7"), eth0));
        assertThat(routes.nextHop(Ip.parse("10.52.0.9"))).isEqualTo(new NextHop(Ip.parse("10.52.0.9"), eth0));
        assertThat(routes.nextHop(Ip.parse("10.9.0.1"))).isEqualTo(new NextHop(Ip.parse("10.9.0.1"), eth0));
        assertThatThrownBy(() -> routes.nextHop(Ip.parse("10.50.0.7")))
                .isInstanceOf(KernelException.class)
                .hasMessageEndingWith(
                        "route to destination 10.50.0.7 contains gateway 10.9.0.2, must be directly reachable");
        assertThatThrownBy(() -> routes.nextHop(Ip.parse("10.51.0.7")))
                .hasMessageEndingWith("no route found to destination 10.51.0.7");
        assertThatThrownBy(() -> routes.nextHop(Ip.parse("192.0.2.7")))
                .hasMessageEndingWith("no route found to destination 192.0.2.7");
        assertThatThrownBy(() -> routes.nextHop(Ip.parse("127.0.0.9"))).hasMessageContaining("routed over loopback");
    }

    private HostDevices.Ends ensure(List<Ip> routers) {
        return node.run(() -> devices.ensure(routers, 1450));
    }

    private String setting(String name) {
        return node.run(() -> Files.readString(Path.of("/proc/sys/net/" + name)).strip());
    }

    private static NetlinkMonitor.Listener counting(Semaphore changes) {
        return new NetlinkMonitor.Listener() {
            @Override
            public void changed() {
                changes.release();
            }

            @Override
            public void overflowed() {
                changes.release();
            }

            @Override
            public void failed(KernelException failure) {
                changes.release();
            }
        };
    }
}
