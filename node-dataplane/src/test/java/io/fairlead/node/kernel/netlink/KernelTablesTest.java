package io.fairlead.node.kernel.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("root")
class KernelTablesTest {
    private static final int ID = Ownership.FIRST_NEXT_HOP_ID;
    private static final Cidr POD_CIDR = Cidr.parse("10.244.2.0/24");

    private final TestNetns netns = new TestNetns();
    private final Netlink netlink = Netlink.inNamespace(netns.path());
    private final NextHopTable nextHops = new NextHopTable(netlink);
    private final RouteTable routes = new RouteTable(netlink);
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
    void nextHopsKeepTheContract() {
        Map<Integer, NextHop> entries = new LinkedHashMap<>();
        entries.put(ID, new NextHop(Ip.parse("10.9.0.7"), v0));
        entries.put(ID + 1, new NextHop(Ip.parse("2001:db8:9::7"), v0));
        contract(nextHops, entries, ID, new NextHop(Ip.parse("10.9.0.8"), v0));
    }

    @Test
    void routesKeepTheContract() {
        nextHops.upsert(
                Map.of(ID, new NextHop(Ip.parse("10.9.0.7"), v0), ID + 1, new NextHop(Ip.parse("2001:db8:9::7"), v0)));
        Map<Cidr, RouteTarget> entries = new LinkedHashMap<>();
        entries.put(POD_CIDR, new RouteTarget.Via(ID));
        entries.put(Cidr.parse("10.244.3.0/24"), new RouteTarget.Via(ID + 1));
        entries.put(Cidr.parse("10.244.0.0/16"), new RouteTarget.Unreachable());
        entries.put(Cidr.parse("10.244.0.1/32"), device(Optional.empty(), Optional.of("10.9.0.1")));
        entries.put(Cidr.parse("10.244.1.0/24"), device(Optional.of("10.9.0.99"), Optional.of("10.9.0.1")));
        entries.put(Cidr.parse("0.0.0.0/0"), device(Optional.of("192.0.2.99"), Optional.empty()));
        entries.put(Cidr.parse("2001:db8:2::/64"), new RouteTarget.Via(ID + 1));
        entries.put(Cidr.parse("2001:db8::/32"), new RouteTarget.Unreachable());
        entries.put(Cidr.parse("2001:db8:3::1/128"), device(Optional.empty(), Optional.of("2001:db8:9::1")));
        entries.put(Cidr.parse("2001:db8:4::/64"), device(Optional.of("fe80::1"), Optional.empty()));
        contract(routes, entries, POD_CIDR, new RouteTarget.Unreachable());
        contract(routes, entries, Cidr.parse("2001:db8:2::/64"), new RouteTarget.Unreachable());
    }

    @Test
    void whatIsNotOursSurvivesEverythingAndIsNotSeen() {
        netns.ip("nexthop add id 5 via 10.9.0.5 dev v0");
        netns.ip("nexthop add id " + (ID + 9) + " via 10.9.0.5 dev v0 proto 99");
        netns.ip("nexthop add id 6 via 10.9.0.6 dev v0 proto 70");
        netns.ip("route add 10.244.2.0/24 via 10.9.0.5 dev v0");
        netns.ip("route add 10.244.3.0/24 via 10.9.0.5 dev v0 proto 99 metric 70");
        netns.ip("route add 10.244.4.0/24 via 10.9.0.5 dev v0 proto 70 metric 71");
        netns.ip("-6 route add 2001:db8:2::/64 dev v0 proto 99 metric 70");
        String before = netns.ip("route show") + netns.ip("nexthop show") + netns.ip("-6 route show");
        assertThat(routes.load()).isEmpty();
        assertThat(nextHops.load()).isEmpty();

        List<Cidr> prefixes = List.of(
                POD_CIDR, Cidr.parse("10.244.3.0/24"), Cidr.parse("10.244.4.0/24"), Cidr.parse("2001:db8:2::/64"));
        Map<Cidr, RouteTarget> wanted = new LinkedHashMap<>();
        prefixes.forEach(cidr -> wanted.put(cidr, new RouteTarget.Unreachable()));
        Map<Cidr, KernelException> failures = routes.upsert(wanted);
        assertThat(failures).containsOnlyKeys(prefixes.get(1), prefixes.get(3));
        assertThat(failures.get(prefixes.get(1)))
                .hasMessage("route add 10.244.3.0/24: EEXIST (a route of another protocol has metric 70)");
        assertThat(routes.load()).containsOnlyKeys(prefixes.get(0), prefixes.get(2));
        assertThat(routes.delete(prefixes)).isEmpty();

        Map<Integer, NextHop> hops = Map.of(ID + 9, new NextHop(Ip.parse("10.9.0.7"), v0));
        assertThat(nextHops.upsert(hops)).containsOnlyKeys(ID + 9);
        assertThat(nextHops.delete(List.of(5, 6, ID + 9))).isEmpty();
        assertThat(nextHops.upsert(Map.of(5, new NextHop(Ip.parse("10.9.0.7"), v0))))
                .containsOnlyKeys(5);

        String after = netns.ip("route show") + netns.ip("nexthop show") + netns.ip("-6 route show");
        assertThat(after).isEqualTo(before);
    }

    @Test
    void twentyThousandRoutesWithNextHopsOfTheirOwnAreInstalledAndDriftIsSeen() {
        int count = 20_000;
        Map<Integer, NextHop> hops = new LinkedHashMap<>();
        Map<Cidr, RouteTarget> wanted = new LinkedHashMap<>();
        Ip gateway = Ip.parse("10.9.1.0");
        Ip prefix = Ip.parse("20.0.0.0");
        for (int i = 0; i < count; i++) {
            hops.put(ID + i, new NextHop(gateway.plus(i), v0));
            wanted.put(new Cidr(prefix.plus(i * 256L), 24), new RouteTarget.Via(ID + i));
        }
        assertThat(nextHops.upsert(hops)).isEmpty();
        assertThat(routes.upsert(wanted)).isEmpty();
        assertThat(nextHops.load()).isEqualTo(hops);
        assertThat(routes.load()).isEqualTo(wanted);

        netns.ip("route del 20.0.5.0/24 proto 70 metric 70");
        netns.ip("route replace 20.0.6.0/24 nhid " + ID + " proto 70 metric 70");
        netns.ip("route replace 20.0.7.0/24 via 10.9.0.5 dev v0 mtu 1300 proto 70 metric 70");
        netns.ip("nexthop del id " + (ID + 8));
        netns.ip("nexthop replace id " + (ID + 9) + " via 10.9.0.5 dev v0 proto 70");
        Map<Cidr, RouteTarget> seen = routes.load();
        assertThat(seen).hasSize(count - 2).doesNotContainKeys(Cidr.parse("20.0.5.0/24"), Cidr.parse("20.0.8.0/24"));
        assertThat(seen.get(Cidr.parse("20.0.6.0/24"))).isEqualTo(new RouteTarget.Via(ID));
        assertThat(seen.get(Cidr.parse("20.0.7.0/24"))).isEqualTo(RouteTable.ALTERED);
        assertThat(nextHops.load()).hasSize(count - 1).doesNotContainKey(ID + 8);
        assertThat(nextHops.load().get(ID + 9)).isEqualTo(new NextHop(Ip.parse("10.9.0.5"), v0));

        assertThat(nextHops.upsert(hops)).isEmpty();
        assertThat(routes.upsert(wanted)).isEmpty();
        assertThat(routes.load()).isEqualTo(wanted);
        assertThat(routes.delete(wanted.keySet())).isEmpty();
        assertThat(nextHops.delete(hops.keySet())).isEmpty();
        assertThat(routes.load()).isEmpty();
        assertThat(nextHops.load()).isEmpty();
    }

    @Test
    void oneBadEntryDoesNotKeepTheOthersOut() {
        Map<Cidr, RouteTarget> wanted = new LinkedHashMap<>();
        for (int i = 0; i < 600; i++) {
            wanted.put(new Cidr(Ip.parse("20.0.0.0").plus(i * 256L), 24), new RouteTarget.Unreachable());
        }
        Cidr missing = Cidr.parse("20.0.77.0/24");
        Cidr mixed = Cidr.parse("20.1.99.0/24");
        Cidr last = Cidr.parse("20.2.87.0/24");
        wanted.put(missing, new RouteTarget.Via(ID + 500));
        wanted.put(mixed, device(Optional.of("fe80::1"), Optional.empty()));
        wanted.put(last, device(Optional.empty(), Optional.of("192.0.2.1")));
        Map<Cidr, KernelException> failures = routes.upsert(wanted);
        assertThat(failures).containsOnlyKeys(missing, mixed, last);
        assertThat(failures.get(mixed)).hasMessageContaining("gateway: fe80::1 (expected:");
        assertThat(failures.get(missing)).hasMessageContaining("EINVAL");
        assertThat(routes.load()).hasSize(597);
    }

    @Test
    void aDeviceGoingDownTakesRoutesAndNextHopsAlong() {
        nextHops.upsert(Map.of(ID, new NextHop(Ip.parse("10.9.0.7"), v0)));
        routes.upsert(Map.of(POD_CIDR, new RouteTarget.Via(ID)));
        netns.ip("link set v0 down");
        assertThat(routes.load()).isEmpty();
        assertThat(nextHops.load()).isEmpty();
    }

    private RouteTarget device(Optional<String> gateway, Optional<String> source) {
        return new RouteTarget.Device(v0, gateway.map(Ip::parse), source.map(Ip::parse));
    }

    /** Every operation twice; the second time changes nothing. */
    private static <K, V> void contract(KernelTable<K, V> table, Map<K, V> entries, K key, V other) {
        for (int i = 0; i < 2; i++) {
            assertThat(table.upsert(entries)).isEmpty();
            assertThat(table.load()).isEqualTo(entries);
        }
        for (int i = 0; i < 2; i++) {
            assertThat(table.upsert(Map.of(key, other))).isEmpty();
            assertThat(table.load()).containsEntry(key, other).hasSameSizeAs(entries);
        }
        for (int i = 0; i < 2; i++) {
            assertThat(table.delete(List.of(key))).isEmpty();
            assertThat(table.load()).hasSize(entries.size() - 1).doesNotContainKey(key);
        }
        for (int i = 0; i < 2; i++) {
            assertThat(table.delete(entries.keySet())).isEmpty();
            assertThat(table.load()).isEmpty();
        }
        assertThat(table.upsert(Map.of())).isEmpty();
    }
}
