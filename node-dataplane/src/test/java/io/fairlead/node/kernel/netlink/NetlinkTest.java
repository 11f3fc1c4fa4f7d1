package io.fairlead.node.kernel.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.NextHop;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class NetlinkTest {
    private final TestNetns netns = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(netns.path());
    private int v0;

    @BeforeEach
    void addPair() {
        netns.addPair("v0", "v1");
        v0 = netlink.link("v0").orElseThrow().index();
    }

    @AfterEach
    void remove() {
        netlink.close();
        netns.close();
    }

    @Test
    void devicesAreMadeChangedFoundAndRemoved() {
        netlink.addVeth(new Link.Veth("a0", "a1", -1, 1400));
        int index = netlink.link("a0").orElseThrow().index();
        netlink.setLink(
                index,
                Link.Change.none()
                        .up(true)
                        .noarp(true)
                        .mtu(1300)
                        .mac(Mac.parse("02:00:00:00:00:01"))
                        .name("b0"));
        Link link = netlink.link(index).orElseThrow();
        assertThat(link.name()).isEqualTo("b0");
        assertThat(link.isUp()).isTrue();
        assertThat(link.isNoArp()).isTrue();
        assertThat(link.mtu()).isEqualTo(1300);
        assertThat(link.mac()).contains(Mac.parse("02:00:00:00:00:01"));
        assertThat(link.kind()).isEqualTo("veth");
        assertThat(netlink.peer(link).orElseThrow().name()).isEqualTo("a1");
        assertThat(netlink.links()).extracting(Link::name).containsExactlyInAnyOrder("lo", "v0", "v1", "b0", "a1");
        assertThat(netlink.deleteLink("b0")).isTrue();
        assertThat(netlink.deleteLink("b0")).isFalse();
        assertThat(netlink.link("a1")).isEmpty();
    }

    @Test
    void theKernelsOwnWordsAreInTheException() {
        Route route = Route.device(Cidr.parse("10.1.0.0/24"), v0, Optional.empty(), Optional.empty());
        Route invalid = Route.via(route.destination(), 12345);
        assertThatThrownBy(() -> netlink.addRoute(invalid))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("route add 10.1.0.0/24: EINVAL (")
                .hasMessageContaining("exthop");
        assertThatThrownBy(() -> netlink.addVeth(new Link.Veth("name-that-is-too-long", "x", -1, 0)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("ERANGE");
    }

    @Test
    void addressesAreAddedListedAndRemoved() {
        Addr v6 = Addr.host(v0, Ip.parse("2001:db8::1"));
        Addr v4 = Addr.host(v0, Ip.parse("10.244.0.1"));
        netlink.addAddress(v4);
        netlink.addAddress(v6);
        assertThat(netlink.addresses(v0)).extracting(Addr::address).contains(v4.address(), v6.address());
        assertThatThrownBy(() -> netlink.addAddress(v4)).hasMessageContaining("EEXIST");
        assertThat(netlink.deleteAddress(v4)).isTrue();
        assertThat(netlink.deleteAddress(v4)).isFalse();
        assertThat(netlink.addresses(v0)).extracting(Addr::address).doesNotContain(v4.address());
    }

    @Test
    void neighboursAreKeptByTheKernelOrFixed() {
        Neigh managed = Neigh.managed(v0, Ip.parse("10.9.0.7"));
        Neigh fixed = Neigh.permanent(v0, Ip.parse("2001:db8:9::7"), Mac.parse("02:00:00:00:00:07"));
        netlink.setNeighbour(managed);
        netlink.setNeighbour(fixed);
        netlink.setNeighbour(fixed);
        List<Neigh> all = netlink.neighbours(v0);
        assertThat(all).anyMatch(n -> n.address().equals(managed.address()) && n.managed());
        assertThat(all)
                .anyMatch(n -> n.address().equals(fixed.address()) && n.mac().equals(fixed.mac()));
        assertThat(netns.ip("neigh show dev v0")).contains("10.9.0.7").contains("managed");
        assertThat(netlink.deleteNeighbour(fixed)).isTrue();
        assertThat(netlink.deleteNeighbour(fixed)).isFalse();
    }

    @Test
    void rulesAreAddedListedAndRemoved() {
        Rule rule = new Rule(Ip.Family.V4, 9, 0x200, 0xf00, 2004, Ownership.PROTOCOL);
        netlink.addRule(rule);
        assertThat(netlink.rules(Ip.Family.V4)).contains(rule);
        assertThat(netns.ip("rule list")).contains("fwmark 0x200/0xf00 lookup 2004");
        assertThat(netlink.deleteRule(rule)).isTrue();
        assertThat(netlink.deleteRule(rule)).isFalse();
    }

    @Test
    void routeLookupsFollowTheTables() {
        netns.ip("route add 10.50.0.0/16 via 10.9.0.2");
        Route route = netlink.routeGet(Ip.parse("10.50.1.1"));
        assertThat(route.gateway()).contains(Ip.parse("10.9.0.2"));
        assertThat(route.ifindex()).isEqualTo(v0);
        assertThatThrownBy(() -> netlink.routeGet(Ip.parse("192.0.2.1")))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("ENETUNREACH");
    }

    @Test
    void answersThatAreNotTheKernelsAreIgnored() {
        try (Netlink fresh = Netlink.inNamespace(netns.path());
                Socket forger = netns.run(Socket::new)) {
            ByteBuffer denial = Socket.direct(36);
            denial.putInt(0, 36)
                    .putShort(4, (short) Rtm.NLMSG_ERROR)
                    .putInt(8, 1)
                    .putInt(16, -1);
            ByteBuffer address = Socket.direct(12)
                    .putShort(0, (short) 16)
                    .putInt(4, fresh.socket().portId());
            assertThat(Socket.LIBC.sendto(forger.fd(), denial, 36, 0, address, 12))
                    .isEqualTo(36);
            assertThat(fresh.link("v0")).isPresent();
        }
    }

    @Test
    void dumpsAreWholeWhileOthersChangeTheTable() throws Exception {
        NextHopTable table = new NextHopTable(netlink);
        Map<Integer, NextHop> hops = new LinkedHashMap<>();
        for (int i = 0; i < 3_000; i++) {
            hops.put(
                    Ownership.FIRST_NEXT_HOP_ID + i,
                    new NextHop(Ip.parse("10.9.1.0").plus(i), v0));
        }
        assertThat(table.upsert(hops)).isEmpty();
        AtomicBoolean done = new AtomicBoolean();
        Thread other = new Thread(() -> {
            try (Netlink theirs = Netlink.inNamespace(netns.path())) {
                NextHopTable churn = new NextHopTable(theirs);
                int id = Ownership.LAST_NEXT_HOP_ID;
                while (!done.get()) {
                    churn.upsert(Map.of(id, new NextHop(Ip.parse("10.9.200.1"), v0)));
                    churn.delete(List.of(id));
                    // changes without a pause would let no dump be whole, ever
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
                }
            }
        });
        other.start();
        try {
            for (int i = 0; i < 30; i++) {
                assertThat(table.load()).containsAllEntriesOf(hops);
            }
        } finally {
            done.set(true);
            other.join();
        }
    }
}
