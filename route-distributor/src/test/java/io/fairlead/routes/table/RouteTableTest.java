package io.fairlead.routes.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.routes.NodeRecords;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.VersionedTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class RouteTableTest {
    private static final Cidr FIRST = Cidr.parse("10.244.1.0/24");

    private final RouteTable table = new RouteTable(new NodeReader(StoreKeys.DEFAULT, ClusterName.DEFAULT, 1), "epoch");

    private static WatchEvent put(String node, String ip, String cidr, long created, long modified) {
        return raw(NodeRecords.key(node), NodeRecords.value(node, ip, cidr), created, modified);
    }

    private static WatchEvent raw(String key, String value, long created, long modified) {
        return new WatchEvent.Put(new KeyValue(key, value, created, modified, 0));
    }

    private static WatchEvent delete(String node, long revision) {
        return new WatchEvent.Delete(NodeRecords.key(node), revision);
    }

    private VersionedTable<Cidr, Route> now() {
        return table.current().orElseThrow();
    }

    private String nodeOf(Cidr cidr) {
        return now().get(cidr).map(r -> r.node().value()).orElse("none");
    }

    @Test
    void thereIsNoTableUntilTheListingIsComplete() {
        assertThat(table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3))))
                .isEmpty();
        assertThat(table.current()).isEmpty();
        assertThat(table.apply(List.of(new WatchEvent.Synced(9)))).isPresent();
        assertThat(now().version()).isEqualTo(9);
        assertThat(now().get(FIRST))
                .contains(new Route(
                        FIRST,
                        io.fairlead.contract.Ip.parse("192.168.0.1"),
                        new NodeName("dev1"),
                        ClusterName.DEFAULT,
                        3));
    }

    @Test
    void aMovedNodeIsOneChange() {
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3), new WatchEvent.Synced(9)));
        table.apply(List.of(put("dev1", "192.168.0.7", "10.244.1.0/24", 3, 10)));
        assertThat(now().diff(9).orElseThrow()).hasSize(1);
        table.apply(List.of(put("dev1", "192.168.0.7", "10.244.1.0/24", 3, 11)));
        assertThat(now().diff(10)).contains(List.of());
        table.apply(List.of(put("dev1", "192.168.0.7", "10.244.5.0/24", 3, 12)));
        assertThat(now().diff(11).orElseThrow()).hasSize(2).contains(new Change.Remove<>(FIRST));
    }

    @Test
    void theFirstToClaimADuplicateCidrHasItUntilItIsReleased() {
        table.apply(List.of(
                put("dev2", "192.168.0.2", "10.244.1.0/24", 4, 5),
                put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 8),
                new WatchEvent.Synced(9)));
        assertThat(nodeOf(FIRST)).isEqualTo("dev1");
        assertThat(table.conflicts()).singleElement().satisfies(c -> {
            assertThat(c.winner().node()).hasToString("dev1");
            assertThat(c.losers()).hasSize(1);
        });
        table.apply(List.of(delete("dev1", 10)));
        assertThat(nodeOf(FIRST)).isEqualTo("dev2");
        assertThat(table.conflicts()).isEmpty();
        table.apply(List.of(delete("dev2", 11)));
        assertThat(now().diff(9)).contains(List.of(new Change.Remove<>(FIRST)));
    }

    @Test
    void anotherClusterNeverTakesARouteOfOurs() {
        String key = StoreKeys.DEFAULT.node(new ClusterName("far"), new NodeName("dev9"));
        String value = NodeRecords.record("far", "dev9", "192.168.9.9", "10.244.1.0/24", 2)
                .encode();
        table.apply(List.of(
                raw(key, value, 1, 1), put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3), new WatchEvent.Synced(9)));
        assertThat(nodeOf(FIRST)).isEqualTo("dev1");
        String ours = NodeRecords.record("far", "dev9", "192.168.9.9", "10.244.8.0/24", 1)
                .encode();
        table.apply(List.of(raw(key, ours, 1, 10)));
        assertThat(table.unreadable().get(key)).contains("cluster id: 1");
    }

    @Test
    void anUnreadableValueKeepsTheRouteAndIsCounted() {
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3), new WatchEvent.Synced(9)));
        String key = NodeRecords.key("dev1");
        long revision = 10;
        String noAddress = NodeRecords.value("dev1", "fd00::1", "10.244.1.0/24");
        String otherNode = NodeRecords.value("dev2", "192.168.0.1", "10.244.1.0/24");
        for (String broken : List.of("", "{", "[]", "null", "{\"Name\":\"dev1\"", noAddress, otherNode)) {
            table.apply(List.of(raw(key, broken, 3, revision++)));
            assertThat(nodeOf(FIRST)).as(broken).isEqualTo("dev1");
            assertThat(table.unreadable()).as(broken).containsKey(key);
        }
        table.apply(List.of(raw("cilium/state/nodes/v1/stray", "{}", 3, revision++)));
        assertThat(table.refused()).isEqualTo(8);
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, revision++)));
        assertThat(table.unreadable()).containsOnlyKeys("cilium/state/nodes/v1/stray");
        table.apply(List.of(delete("dev1", revision)));
        assertThat(nodeOf(FIRST)).isEqualTo("none");
    }

    @Test
    void aStorePutBackStartsANewEpoch() {
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3), new WatchEvent.Synced(9)));
        table.apply(List.of(delete("dev1", 5), new WatchEvent.Synced(5)));
        assertThat(now().epoch()).isNotEqualTo("epoch");
        assertThat(now().version()).isEqualTo(5);
        assertThat(now().size()).isZero();
    }

    @Test
    void anyEventsLeadWhereOneListingWouldHaveLed() {
        for (long seed = 1; seed <= 100; seed++) {
            Random random = new Random(seed);
            RouteTable live = new RouteTable(new NodeReader(StoreKeys.DEFAULT, ClusterName.DEFAULT, 0), "e");
            live.apply(List.of(new WatchEvent.Synced(1)));
            Map<String, WatchEvent.Put> store = new TreeMap<>();
            long revision = 2;
            for (; revision < 150; revision++) {
                String node = "n" + random.nextInt(6);
                String key = NodeRecords.key(node);
                if (random.nextInt(3) == 0) {
                    if (store.remove(key) != null) {
                        live.apply(List.of(delete(node, revision)));
                    }
                    continue;
                }
                WatchEvent.Put before = store.get(key);
                long created = before == null ? revision : before.entry().createRevision();
                String cidr = "10.244." + random.nextInt(5) + ".0/24";
                WatchEvent.Put event =
                        (WatchEvent.Put) put(node, "192.168.0." + (1 + random.nextInt(3)), cidr, created, revision);
                store.put(key, event);
                live.apply(List.of(event));
            }
            RouteTable fresh = new RouteTable(new NodeReader(StoreKeys.DEFAULT, ClusterName.DEFAULT, 0), "e");
            List<WatchEvent> listing = new ArrayList<>(store.values());
            listing.add(new WatchEvent.Synced(revision));
            fresh.apply(listing);
            assertThat(ways(live)).as("seed %d", seed).isEqualTo(ways(fresh));
            assertThat(live.conflicts().size())
                    .as("seed %d", seed)
                    .isEqualTo(fresh.conflicts().size());
        }
    }

    private static List<String> ways(RouteTable table) {
        return table.current().orElseThrow().entries().stream()
                .map(e -> e.key() + " via " + e.value().nextHop() + " of "
                        + e.value().node())
                .toList();
    }
}
