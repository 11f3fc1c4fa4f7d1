package io.fairlead.node.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.NetlinkMonitor;
import io.fairlead.node.kernel.netlink.NetlinkMonitor.Topic;
import io.fairlead.node.kernel.netlink.NextHopTable;
import io.fairlead.node.kernel.netlink.Ownership;
import io.fairlead.node.kernel.netlink.RouteTable;
import io.fairlead.node.kernel.netlink.TestNetns;
import io.fairlead.node.policy.PolicySettings;
import io.fairlead.node.policy.PolicySwitch;
import io.fairlead.node.reconcile.Ground;
import io.fairlead.node.reconcile.Reconciler;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.TableId;
import io.fairlead.node.reconcile.Translator;
import io.fairlead.node.wiring.DirectRoutes;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A node with two devices among three networks, one of them behind a router, all of them real:
 *
 * <pre>
 *   peer-a 10.1.0.2 ── eth0 10.1.0.1 NODE eth1 10.2.0.1 ── switch ── peer-b 10.2.0.2
 *                                                            └── router 10.2.0.254 | 10.3.0.254 ── peer-c 10.3.0.2
 * </pre>
 */
@Tag("root")
class NativeRoutesTest {
    private static final LocalNode NODE =
            new LocalNode(new NodeName("node"), ClusterName.DEFAULT, Ip.parse("10.1.0.1"), List.of(), List.of());
    private static final Set<Topic> TOPICS = Set.of(
            Topic.LINK, Topic.IPV4_ADDRESS, Topic.IPV6_ADDRESS, Topic.IPV4_ROUTE, Topic.IPV6_ROUTE, Topic.NEXTHOP);

    private final TestNetns node = new TestNetns();
    private final TestNetns peerA = new TestNetns();
    private final TestNetns peerB = new TestNetns();
    private final TestNetns peerC = new TestNetns();
    private final TestNetns router = new TestNetns();
    private final TestNetns lan = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(node.path());
    private final DirectReachability reachability = new DirectReachability(new DirectRoutes(netlink));
    private @Nullable Reconciler reconciler;
    private @Nullable NetlinkMonitor monitor;

    @BeforeEach
    void wire() {
        wire(node, "eth0", peerA, "eth0");
        lan.ip("link add br0 type bridge");
        lan.ip("link set br0 up");
        wire(node, "eth1", lan, "p1");
        wire(peerB, "eth0", lan, "p2");
        wire(router, "r0", lan, "p3");
        wire(router, "r1", peerC, "eth0");
        List.of("p1", "p2", "p3").forEach(port -> lan.ip("link set " + port + " master br0"));
        address(node, "eth0", "10.1.0.1/24", "fd00:1::1/64");
        address(node, "eth1", "10.2.0.1/24", "fd00:2::1/64");
        address(peerA, "eth0", "10.1.0.2/24", "fd00:1::2/64");
        address(peerB, "eth0", "10.2.0.2/24", "fd00:2::2/64");
        address(router, "r0", "10.2.0.254/24", "fd00:2::fe/64");
        address(router, "r1", "10.3.0.254/24", "fd00:3::fe/64");
        address(peerC, "eth0", "10.3.0.2/24", "fd00:3::2/64");
        node.ip("route add 10.3.0.0/24 via 10.2.0.254");
        node.ip("route add fd00:3::/64 via fd00:2::fe");
        address(peerA, "lo", "10.244.1.1/32", "fd01:1::1/128");
        address(peerA, "lo", "10.245.1.1/32", "fd02:1::1/128");
        address(peerB, "lo", "10.244.2.1/32", "fd01:2::1/128");
    }

    @AfterEach
    void remove() {
        if (monitor != null) {
            monitor.close();
        }
        if (reconciler != null) {
            reconciler.close();
        }
        netlink.close();
        List.of(node, peerA, peerB, peerC, router, lan).forEach(TestNetns::close);
    }

    private static void wire(TestNetns one, String first, TestNetns other, String second) {
        TestNetns.exec(
                "ip",
                "link",
                "add",
                first,
                "netns",
                one.name(),
                "type",
                "veth",
                "peer",
                "name",
                second,
                "netns",
                other.name());
        one.ip("link set " + first + " up");
        other.ip("link set " + second + " up");
    }

    private static void address(TestNetns where, String device, String v4, String v6) {
        where.ip("addr add " + v4 + " dev " + device);
        where.ip("addr add " + v6 + " dev " + device + " nodad");
    }

    private Reconciler start(boolean skipUnreachable) throws Exception {
        Map<String, Integer> devices = Map.of(
                "eth0", netlink.link("eth0").orElseThrow().index(),
                "eth1", netlink.link("eth1").orElseThrow().index());
        Reconciler started = new Reconciler(
                Map.of(TableId.NEXT_HOPS, new NextHopTable(netlink), TableId.ROUTES, new RouteTable(netlink)),
                new Translator(
                        NODE,
                        new Translator.Datapath(1, "lo", devices, 0, 0, 0, 0, 0),
                        new Translator.Routing(true, List.of(), skipUnreachable),
                        new PolicySwitch(PolicySettings.DEFAULT, 1),
                        Ownership.FIRST_NEXT_HOP_ID,
                        Ownership.LAST_NEXT_HOP_ID),
                reachability,
                state -> new Ground.Look(devices, Set.of(), 0, List.of()));
        reconciler = started;
        monitor = NetlinkMonitor.startIn(
                node.path(),
                TOPICS,
                new NetlinkMonitor.Ignored(Set.of(netlink.socket().portId()), name -> false),
                new Told(started));
        // so far apart that only what the kernel tells can be the reason for a look
        started.start(Duration.ofHours(1));
        Map<Cidr, PeerRoute> routes = new HashMap<>();
        peer(routes, "a", "10.1.0.2", "10.244.1.0/24", "10.245.1.0/24");
        peer(routes, "a", "fd00:1::2", "fd01:1::/64", "fd02:1::/64");
        peer(routes, "b", "10.2.0.2", "10.244.2.0/24");
        peer(routes, "b", "fd00:2::2", "fd01:2::/64");
        peer(routes, "c", "10.3.0.2", "10.244.3.0/24");
        peer(routes, "c", "fd00:3::2", "fd01:3::/64");
        started.update(state -> state.withRoutes(routes)).get(10, TimeUnit.SECONDS);
        return started;
    }

    private static void peer(Map<Cidr, PeerRoute> routes, String name, String address, String... cidrs) {
        for (String text : cidrs) {
            Cidr cidr = Cidr.parse(text);
            routes.put(cidr, new PeerRoute(cidr, Ip.parse(address), name, "default"));
        }
    }

    /** As the agent's. */
    private final class Told implements NetlinkMonitor.Listener {
        private final Reconciler reconciler;

        Told(Reconciler reconciler) {
            this.reconciler = reconciler;
        }

        @Override
        public void changed() {
            reachability.forget();
            reconciler.resyncSoon();
        }

        @Override
        public void overflowed() {
            changed();
        }

        @Override
        public void failed(KernelException failure) {
            throw failure;
        }
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(limit);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private boolean routed(String cidr, String device) {
        String family = cidr.contains(":") ? "-6 " : "";
        return node.ip(family + "route show " + cidr).contains("dev " + device);
    }

    private boolean reaches(String address) {
        return node.status("ping -c1 -W2 " + address) == 0;
    }

    @Test
    void eachPeerIsReachedThroughTheDeviceThatHasItsNetwork() throws Exception {
        Reconciler started = start(true);
        assertThat(routed("10.244.1.0/24", "eth0")).isTrue();
        assertThat(routed("10.245.1.0/24", "eth0")).isTrue();
        assertThat(routed("10.244.2.0/24", "eth1")).isTrue();
        assertThat(routed("fd01:1::/64", "eth0")).isTrue();
        assertThat(routed("fd01:2::/64", "eth1")).isTrue();
        assertThat(List.of("10.244.1.1", "10.245.1.1", "10.244.2.1", "fd01:1::1", "fd02:1::1", "fd01:2::1"))
                .allMatch(this::reaches);
        assertThat(node.ip("nexthop show").lines())
                .as("one object a node and family, however many CIDRs it has")
                .hasSize(4);
        Report report = started.report();
        assertThat(report.isClean()).as("%s", report).isTrue();
        assertThat(report.skipped())
                .containsOnlyKeys(Cidr.parse("10.244.3.0/24"), Cidr.parse("fd01:3::/64"))
                .containsEntry(
                        Cidr.parse("10.244.3.0/24"),
                        "direct route to node 10.3.0.2: route to destination 10.3.0.2 contains gateway 10.2.0.254");
        assertThat(node.ip("route show 10.244.3.0/24")).isEmpty();
    }

    @Test
    void aNodeBehindARouterIsAnErrorUnlessItIsToBeSkipped() throws Exception {
        Report report = start(false).report();
        assertThat(report.skipped()).isEmpty();
        assertThat(report.refused())
                .containsOnlyKeys(Cidr.parse("10.244.3.0/24"), Cidr.parse("fd01:3::/64"))
                .containsEntry(
                        Cidr.parse("10.244.3.0/24"),
                        "direct route to node 10.3.0.2: route to destination 10.3.0.2 contains gateway 10.2.0.254,"
                                + " must be directly reachable");
        assertThat(reaches("10.244.2.1")).as("the others are not affected").isTrue();
    }

    @Test
    void routesComeBackWithTheirDeviceAndItsAddress() throws Exception {
        Reconciler started = start(true);
        node.ip("link set eth1 down");
        until("said to be unreachable", () -> started.report().refused().containsKey(Cidr.parse("10.244.2.0/24")));
        assertThat(reaches("10.244.1.1")).as("through the other device").isTrue();
        node.ip("link set eth1 up");
        // the kernel has forgotten these with the device
        node.ip("addr add fd00:2::1/64 dev eth1 nodad");
        node.ip("route add 10.3.0.0/24 via 10.2.0.254");
        node.ip("route add fd00:3::/64 via fd00:2::fe");
        until("back with the device", () -> routed("10.244.2.0/24", "eth1") && routed("fd01:2::/64", "eth1"));
        assertThat(reaches("10.244.2.1")).isTrue();
        until("nothing wrong", () -> started.report().refused().isEmpty());

        node.ip("addr del 10.1.0.1/24 dev eth0");
        until("refused without the address", () -> started.report().refused().containsKey(Cidr.parse("10.244.1.0/24")));
        node.ip("addr add 10.1.0.1/24 dev eth0");
        until("back with the address", () -> routed("10.244.1.0/24", "eth0") && routed("10.245.1.0/24", "eth0"));
        assertThat(reaches("10.244.1.1")).isTrue();
    }

    @Test
    void aPeerThatMovesToAnotherDeviceIsFollowed() throws Exception {
        start(true);
        // the network moves with its peer to the other device
        node.ip("addr del 10.1.0.1/24 dev eth0");
        peerA.ip("addr del 10.1.0.2/24 dev eth0");
        wire(peerA, "eth9", lan, "p9");
        lan.ip("link set p9 master br0");
        peerA.ip("addr add 10.1.0.2/24 dev eth9");
        node.ip("addr add 10.1.0.1/24 dev eth1");
        until("on the other device", () -> routed("10.244.1.0/24", "eth1") && routed("10.245.1.0/24", "eth1"));
        until("and there", () -> reaches("10.244.1.1"));
    }

    @Test
    void somebodyWhoRemovesRoutesOrNextHopsDoesNotWin() throws Exception {
        Reconciler started = start(true);
        node.ip("route del 10.244.1.0/24");
        until("route back", () -> routed("10.244.1.0/24", "eth0"));
        node.ip("-6 route del fd01:2::/64");
        until("IPv6 route back", () -> routed("fd01:2::/64", "eth1"));
        String id = node.ip("nexthop show")
                .lines()
                .filter(line -> line.contains("10.2.0.2"))
                .findFirst()
                .orElseThrow()
                .split(" ")[1];
        // takes its routes along without a word about them
        node.ip("nexthop del id " + id);
        until("next hop back", () -> routed("10.244.2.0/24", "eth1"));
        until("counted", () -> started.report().repaired() >= 3);
    }

    /** The kernel takes nexthop objects with their carrier, and refuses new ones until it is back. */
    @Test
    void routesComeBackWithTheCarrierAndUntilThenItIsSaidWhatIsWrong() throws Exception {
        Reconciler started = start(true);
        Cidr cidr = Cidr.parse("10.244.1.0/24");
        peerA.ip("link set eth0 down");
        until("said", () -> started.report().routeFailures().containsKey(cidr));
        assertThat(started.report().routeFailures().get(cidr)).contains("Carrier for nexthop device is down");
        assertThat(reaches("10.244.2.1")).as("through the other device").isTrue();
        peerA.ip("link set eth0 up");
        until("usable again", () -> routed("10.244.1.0/24", "eth0") && reaches("10.244.1.1"));
        until("nothing wrong", () -> started.report().isClean());
    }
}
