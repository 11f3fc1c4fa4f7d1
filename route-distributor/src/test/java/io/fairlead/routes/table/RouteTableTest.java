package io.fairlead.routes.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.routes.NodeRecords;
import io.fairlead.runtime.stream.Change;
import io.fairlead.runtime.stream.VersionedTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
                .contains(new Route(FIRST, Ip.parse("192.168.0.1"), new NodeName("dev1"), ClusterName.DEFAULT, 3));
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
    void ofOverlappingCidrsTheLaterIsNotAnnouncedUntilTheFirstIsGone() {
        table.apply(List.of(
                put("wide", "192.168.0.1", "10.244.0.0/16", 5, 5),
                put("dev1", "192.168.0.2", "10.244.1.0/24", 3, 3),
                put("dev2", "192.168.0.3", "10.244.2.0/24", 7, 7),
                put("far", "192.168.0.4", "10.250.0.0/24", 8, 8),
                new WatchEvent.Synced(9)));
        assertThat(ways(table))
                .as("dev1 was before wide, which would have taken dev2's place")
                .containsExactly(
                        "10.244.1.0/24 via 192.168.0.2 of dev1",
                        "10.244.2.0/24 via 192.168.0.3 of dev2",
                        "10.250.0.0/24 via 192.168.0.4 of far");
        assertThat(table.conflicts()).singleElement().satisfies(c -> {
            assertThat(c.winner().node()).hasToString("dev1");
            assertThat(c.losers()).extracting(Route::cidr).containsExactly(Cidr.parse("10.244.0.0/16"));
        });
        table.apply(List.of(delete("dev1", 10)));
        assertThat(ways(table))
                .containsExactly("10.244.0.0/16 via 192.168.0.1 of wide", "10.250.0.0/24 via 192.168.0.4 of far");
        assertThat(table.conflicts())
                .singleElement()
                .satisfies(c ->
                        assertThat(c.losers()).extracting(r -> r.node().value()).containsExactly("dev2"));
        table.apply(List.of(delete("wide", 11)));
        assertThat(ways(table)).hasSize(2);
        assertThat(table.conflicts()).isEmpty();
    }

    @Test
    void severalCidrsOfOneNodeAreSeveralRoutes() {
        NodeRecord one = NodeRecords.record("default", "dev1", "192.168.0.1", "10.244.1.0/24", 0);
        NodeRecord record = new NodeRecord(
                one.name(),
                one.cluster(),
                one.addresses(),
                new NodeRecord.Networks(
                        one.networks().v4Alloc(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(Cidr.parse("10.244.7.0/24"), Cidr.parse("10.245.0.0/24"))),
                0,
                NodeRecord.Details.NONE);
        table.apply(List.of(raw(NodeRecords.key("dev1"), record.encode(), 3, 3), new WatchEvent.Synced(9)));
        assertThat(ways(table))
                .containsExactly(
                        "10.244.1.0/24 via 192.168.0.1 of dev1",
                        "10.244.7.0/24 via 192.168.0.1 of dev1",
                        "10.245.0.0/24 via 192.168.0.1 of dev1");
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 10)));
        assertThat(ways(table)).hasSize(1);
    }

    @Test
    void manyCidrsWithinOneWideOneAreDecidedQuickly() {
        List<WatchEvent> events = new ArrayList<>();
        events.add(put("wide", "192.168.0.1", "10.0.0.0/8", 1, 1));
        for (int i = 0; i < 5_000; i++) {
            events.add(put("n" + i, "192.168.0.2", "10." + i / 250 + "." + i % 250 + ".0/24", 2 + i, 2 + i));
        }
        events.add(new WatchEvent.Synced(9_000));
        table.apply(events);
        assertThat(now().size()).isEqualTo(1);
        assertThat(table.conflicts().get(0).losers()).hasSize(5_000);
        table.apply(List.of(delete("wide", 9_001)));
        assertThat(now().size()).isEqualTo(5_000);
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
    void anotherLifeOfTheStoreMakesANewTableWhateverItsRevisions() {
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3), new WatchEvent.Synced(9)));
        table.follow("restored");
        table.apply(List.of(put("dev2", "192.168.0.2", "10.244.2.0/24", 4, 12), new WatchEvent.Synced(12)));
        assertThat(now().epoch()).isEqualTo("restored");
        assertThat(now().floor()).isEqualTo(12);
        assertThat(now().size()).isEqualTo(2);
        table.apply(List.of(delete("dev2", 13)));
        assertThat(now().epoch()).isEqualTo("restored");
        assertThat(now().diff(12).orElseThrow()).hasSize(1);
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
                int length = 21 + random.nextInt(4);
                String cidr = Cidr.containing(Ip.parse("10.244." + random.nextInt(10) + ".0"), length)
                        .toString();
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
            assertThat(live.conflicts().toString())
                    .as("seed %d", seed)
                    .isEqualTo(fresh.conflicts().toString());
            List<Cidr> granted = live.current().orElseThrow().entries().stream()
                    .map(VersionedTable.Entry::key)
                    .toList();
            assertThat(granted)
                    .as("seed %d", seed)
                    .allSatisfy(
                            one -> assertThat(granted).filteredOn(one::overlaps).containsExactly(one));
        }
    }

    @Test
    void batchesLeadWhereEachClaimHeardInItsOrderWouldHave() {
        for (long seed = 1; seed <= 100; seed++) {
            Random random = new Random(seed);
            RouteTable live = new RouteTable(new NodeReader(StoreKeys.DEFAULT, ClusterName.DEFAULT, 0), "e");
            live.apply(List.of(new WatchEvent.Synced(1)));
            Map<String, WatchEvent.Put> store = new TreeMap<>();
            VersionedTable<Cidr, Route> before = live.current().orElseThrow();
            for (long revision = 2; revision < 60; revision++) {
                List<WatchEvent> batch = new ArrayList<>();
                for (int i = random.nextInt(8); i >= 0; i--) {
                    batch.add(anyEvent(random, store, revision));
                }
                live.apply(batch);
                assertThat(ways(live))
                        .as("seed %d, revision %d", seed, revision)
                        .isEqualTo(model(store));
                Map<Cidr, Route> followed = new TreeMap<>();
                before.entries().forEach(e -> followed.put(e.key(), e.value()));
                live.current()
                        .orElseThrow()
                        .diff(before.version())
                        .orElseThrow()
                        .forEach(change -> {
                            if (change instanceof Change.Upsert<Cidr, Route> upsert) {
                                followed.put(upsert.key(), upsert.value());
                            } else {
                                followed.remove(change.key());
                            }
                        });
                assertThat(followed.values().stream().map(RouteTableTest::way).toList())
                        .as("seed %d, difference to revision %d", seed, revision)
                        .isEqualTo(ways(live));
                before = random.nextInt(3) == 0 ? live.current().orElseThrow() : before;
            }
        }
    }

    private static WatchEvent anyEvent(Random random, Map<String, WatchEvent.Put> store, long revision) {
        String node = "n" + random.nextInt(8);
        String key = NodeRecords.key(node);
        WatchEvent.Put before = store.get(key);
        if (before != null && random.nextInt(3) == 0) {
            store.remove(key);
            return delete(node, revision);
        }
        if (before != null && random.nextInt(4) == 0) {
            WatchEvent.Put again = (WatchEvent.Put)
                    raw(key, before.entry().value(), before.entry().createRevision(), revision);
            store.put(key, again);
            return again;
        }
        String cidr = Cidr.containing(Ip.parse("10.244." + random.nextInt(24) + ".0"), 20 + random.nextInt(5))
                .toString();
        long created = before == null ? revision : before.entry().createRevision();
        WatchEvent.Put event =
                (WatchEvent.Put) put(node, "192.168.0." + (1 + random.nextInt(3)), cidr, created, revision);
        store.put(key, event);
        return event;
    }

    /** Claims in their order, each granted unless it overlaps one that was. */
    private static List<String> model(Map<String, WatchEvent.Put> store) {
        NodeReader reader = new NodeReader(StoreKeys.DEFAULT, ClusterName.DEFAULT, 0);
        Map<Cidr, Route> granted = new TreeMap<>();
        store.values().stream()
                .map(WatchEvent.Put::entry)
                .sorted(java.util.Comparator.comparingLong(KeyValue::createRevision)
                        .thenComparing(KeyValue::key))
                .forEach(entry -> reader.read(entry).forEach(route -> {
                    if (granted.keySet().stream().noneMatch(route.cidr()::overlaps)) {
                        granted.put(route.cidr(), route);
                    }
                }));
        return granted.values().stream().map(RouteTableTest::way).toList();
    }

    private static String way(Route route) {
        return route.cidr() + " via " + route.nextHop() + " of " + route.node();
    }

    @Test
    void aRecordSaidAgainIsNoNewsAndReadableAgain() {
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 3), new WatchEvent.Synced(9)));
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 10)));
        assertThat(now().version()).isEqualTo(10);
        assertThat(now().changedAt()).isEqualTo(9);
        table.apply(List.of(raw(NodeRecords.key("dev1"), "{", 3, 11)));
        assertThat(table.unreadable()).hasSize(1);
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 3, 12)));
        assertThat(table.unreadable()).isEmpty();
        assertThat(now().changedAt()).isEqualTo(9);
        // written anew, it claims anew
        table.apply(List.of(put("dev2", "192.168.0.2", "10.244.1.0/24", 4, 13)));
        table.apply(List.of(put("dev1", "192.168.0.1", "10.244.1.0/24", 14, 14)));
        assertThat(nodeOf(FIRST)).isEqualTo("dev2");
    }

    private static List<String> ways(RouteTable table) {
        return table.current().orElseThrow().entries().stream()
                .map(e -> e.key() + " via " + e.value().nextHop() + " of "
                        + e.value().node())
                .toList();
    }
}
