package io.fairlead.node.kernel.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class NetlinkMonitorTest {
    private static final Set<NetlinkMonitor.Topic> ALL = EnumSet.allOf(NetlinkMonitor.Topic.class);

    private final TestNetns netns = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(netns.path());
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    @AfterEach
    void remove() {
        netlink.close();
        netns.close();
    }

    @Test
    void changesOfOthersAreToldAndOnesOwnAreNot() throws Exception {
        netns.addPair("v0", "v1");
        int v0 = netlink.link("v0").orElseThrow().index();
        Set<NetlinkMonitor.Topic> topics = EnumSet.of(NetlinkMonitor.Topic.IPV4_ROUTE, NetlinkMonitor.Topic.NEXTHOP);
        try (NetlinkMonitor monitor = NetlinkMonitor.startIn(
                netns.path(),
                topics,
                new NetlinkMonitor.Ignored(Set.of(netlink.socket().portId()), name -> false),
                new Recorder(() -> {}))) {
            new NextHopTable(netlink).upsert(Map.of(0x464c0001, new NextHop(Ip.parse("10.9.0.7"), v0)));
            new RouteTable(netlink).upsert(Map.of(Cidr.parse("10.1.0.0/24"), new RouteTarget.Via(0x464c0001)));
            assertThat(events.poll(300, TimeUnit.MILLISECONDS)).isNull();
            netns.ip("route add 10.2.0.0/24 dev v0");
            assertThat(events.poll(10, TimeUnit.SECONDS)).isEqualTo("changed");
            assertThat(monitor).isNotNull();
        }
    }

    @Test
    void devicesThatAreNoNewsAreNotTold() throws Exception {
        NetlinkMonitor.Ignored pods = new NetlinkMonitor.Ignored(Set.of(), name -> name.startsWith("lxc"));
        try (NetlinkMonitor monitor = NetlinkMonitor.startIn(
                netns.path(), EnumSet.of(NetlinkMonitor.Topic.LINK), pods, new Recorder(() -> {}))) {
            netns.addPair("lxc1", "lxc2");
            assertThat(events.poll(300, TimeUnit.MILLISECONDS)).isNull();
            netns.addPair("v0", "v1");
            assertThat(events.poll(10, TimeUnit.SECONDS)).isEqualTo("changed");
            assertThat(monitor).isNotNull();
        }
    }

    @Test
    void aDeviceGoingDownIsTold() throws Exception {
        netns.addPair("v0", "v1");
        try (NetlinkMonitor monitor = NetlinkMonitor.startIn(
                netns.path(),
                EnumSet.of(NetlinkMonitor.Topic.LINK),
                NetlinkMonitor.Ignored.NOTHING,
                new Recorder(() -> {}))) {
            netns.ip("link set v0 down");
            assertThat(events.poll(10, TimeUnit.SECONDS)).isEqualTo("changed");
            assertThat(monitor).isNotNull();
        }
    }

    @Test
    void lostNotificationsAreToldAsOverflow() throws Exception {
        netns.addPair("v0", "v1");
        CountDownLatch blocked = new CountDownLatch(1);
        Recorder slow = new Recorder(() -> {
            try {
                blocked.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (NetlinkMonitor monitor = NetlinkMonitor.startIn(netns.path(), ALL, NetlinkMonitor.Ignored.NOTHING, slow)) {
            netns.ip("link set v1 down");
            Map<Cidr, RouteTarget> many = new LinkedHashMap<>();
            for (int i = 0; i < 60_000; i++) {
                many.put(new Cidr(Ip.parse("20.0.0.0").plus(i * 256L), 24), new RouteTarget.Unreachable());
            }
            assertThat(new RouteTable(netlink).upsert(many)).isEmpty();
            blocked.countDown();
            String event = "";
            while (event != null && !event.equals("overflowed")) {
                event = events.poll(10, TimeUnit.SECONDS);
            }
            assertThat(event).isEqualTo("overflowed");
            assertThat(monitor).isNotNull();
        }
    }

    @Test
    void nothingIsToldAfterClose() throws Exception {
        NetlinkMonitor monitor =
                NetlinkMonitor.startIn(netns.path(), ALL, NetlinkMonitor.Ignored.NOTHING, new Recorder(() -> {}));
        monitor.close();
        monitor.close();
        netns.addPair("v0", "v1");
        assertThat(events.poll(200, TimeUnit.MILLISECONDS)).isNull();
    }

    private final class Recorder implements NetlinkMonitor.Listener {
        private final Runnable before;

        Recorder(Runnable before) {
            this.before = before;
        }

        @Override
        public void changed() {
            events.add("changed");
            before.run();
        }

        @Override
        public void overflowed() {
            events.add("overflowed");
        }

        @Override
        public void failed(KernelException failure) {
            events.add("failed: " + failure.getMessage());
        }
    }
}
