package io.fairlead.routes;

import static io.fairlead.routes.Distributors.await;
import static io.fairlead.routes.Distributors.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.NodeFailure;
import io.fairlead.runtime.health.HealthCheck;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RouteDistributorTest {
    private final MemoryKvStore store = new MemoryKvStore();

    @AfterEach
    void closeStore() {
        store.close();
    }

    private void put(String node, String ip, String cidr) {
        await(store.commit(Txn.of(Op.put(NodeRecords.key(node), NodeRecords.value(node, ip, cidr)))));
    }

    private HealthCheck.State health(Distributors distributor) {
        return await(distributor.life().health().ask()).get("routes");
    }

    @Test
    void aNodeGetsASnapshotThenChangesAndTheListShowsWhoHasThem() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        try (Distributors distributor = Distributors.start(store)) {
            TestNode dev1 = new TestNode("dev1");
            TestNode dev2 = new TestNode("dev2", "10.244.3.0/24");
            dev1.connect(distributor.channel());
            dev2.connect(distributor.channel());
            put("dev2", "192.168.0.2", "10.244.2.0/24");
            put("dev3", "192.168.0.3", "10.244.3.0/24");
            until(() -> dev1.kernel().size() == 3 && dev2.kernel().size() == 3);
            until(() -> distributor.list().getRoutes(2).getFailedCount() == 1);
            ListRoutesResponse list = distributor.list();
            assertThat(list.getNodesList()).containsExactly("dev1", "dev2");
            assertThat(list.getRoutes(0).getInstalledList()).containsExactly("dev1", "dev2");
            assertThat(list.getRoutes(2).getInstalledList()).containsExactly("dev1");
            assertThat(list.getRoutes(2).getFailedList())
                    .containsExactly(NodeFailure.newBuilder()
                            .setNodeName("dev2")
                            .setReason("gateway is not on link")
                            .build());
            await(store.commit(Txn.of(new Op.Delete(NodeRecords.key("dev3")))));
            until(() -> dev1.kernel().size() == 2 && dev2.kernel().size() == 2);
            assertThat(dev1.kernel()).isEqualTo(Map.of("10.244.1.0/24", "192.168.0.1", "10.244.2.0/24", "192.168.0.2"));
            assertThat(dev1.received().get(0).getSnapshot()).isTrue();
            assertThat(dev1.received().stream().filter(r -> r.getSnapshot()).count())
                    .isEqualTo(1);
        }
    }

    @Test
    void nothingIsServedBeforeTheFirstCompleteListing() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        store.disconnect();
        try (Distributors distributor = Distributors.start(store)) {
            TestNode node = new TestNode("dev1");
            node.connect(distributor.channel());
            assertThatThrownBy(distributor::list).hasMessageContaining("UNAVAILABLE");
            assertThat(health(distributor).ok()).isFalse();
            assertThat(node.received()).isEmpty();
            store.reconnect();
            until(() -> node.kernel().size() == 1);
            assertThat(health(distributor).ok()).isTrue();
        }
    }

    @Test
    void aRestartedDistributorTakesNothingAwayAndNodesComeBack() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        TestNode node = new TestNode("dev1");
        try (Distributors first = Distributors.start(store)) {
            node.connect(first.channel());
            until(() -> node.kernel().size() == 1);
        }
        until(node::hasEnded);
        try (Distributors second = Distributors.start(store)) {
            node.connect(second.channel());
            until(() -> node.received().size() > 1);
            put("dev2", "192.168.0.2", "10.244.2.0/24");
            until(() -> node.kernel().size() == 2);
            assertThat(node.received()).allMatch(r -> r.getRemovesCount() == 0);
            assertThat(node.received()).filteredOn(r -> r.getSnapshot()).allMatch(r -> r.getUpsertsCount() == 1);
        }
    }

    @Test
    void aDistributorThatStartsWhileARecordIsUnreadableServesItsLastReadableValue() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        put("dev2", "192.168.0.2", "10.244.2.0/24");
        TestNode node = new TestNode("dev1");
        try (Distributors first = Distributors.start(store)) {
            node.connect(first.channel());
            until(() -> node.kernel().size() == 2);
        }
        until(node::hasEnded);
        await(store.commit(Txn.of(Op.put(NodeRecords.key("dev2"), "{"))));
        await(store.commit(Txn.of(Op.put(NodeRecords.key("dev2"), "null"))));
        try (Distributors second = Distributors.start(store)) {
            TestNode fresh = new TestNode("dev3");
            fresh.connect(second.channel());
            node.connect(second.channel());
            until(() -> fresh.kernel().size() == 2 && node.received().size() > 1);
            assertThat(node.received()).allMatch(r -> r.getRemovesCount() == 0);
            assertThat(node.kernel()).hasSize(2);
            assertThat(health(second).text())
                    .contains("unreadable " + NodeRecords.key("dev2"))
                    .contains("served as last read");
            put("dev2", "192.168.0.2", "10.244.3.0/24");
            until(() -> fresh.kernel().containsKey("10.244.3.0/24")
                    && fresh.kernel().size() == 2);
        }
    }

    @Test
    void whatIsServedWithoutARecordWhoseHistoryIsCompactedAwayIsSaidInHealth() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        store.compact(await(store.commit(Txn.of(Op.put(NodeRecords.key("dev1"), "{"))))
                .revision());
        try (Distributors distributor = Distributors.start(store)) {
            until(() -> health(distributor).ok());
            assertThat(health(distributor).text()).contains("no readable value known, served without it");
        }
    }

    @Test
    void aDuplicateCidrAndAnUnreadableRecordAreVisibleInHealth() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        put("dev2", "192.168.0.2", "10.244.1.0/24");
        await(store.commit(Txn.of(Op.put(NodeRecords.key("dev3"), "{broken"))));
        try (Distributors distributor = Distributors.start(store)) {
            until(() -> health(distributor).ok());
            assertThat(health(distributor).text())
                    .contains("10.244.1.0/24 of dev1 is claimed by [dev2]", "unreadable " + NodeRecords.key("dev3"));
            assertThat(distributor.list().getRoutesCount()).isEqualTo(1);
            assertThat(distributor.life().metrics().scrape())
                    .contains("fairlead_routes_conflicts 1.0", "fairlead_routes_unreadable_total 1.0");
        }
    }

    @Test
    void aNodeWithABadNameIsToldSo() {
        try (Distributors distributor = Distributors.start(store)) {
            TestNode node = new TestNode("Not A Name");
            node.connect(distributor.channel());
            until(node::hasEnded);
            assertThat(node.received()).isEmpty();
        }
    }
}
