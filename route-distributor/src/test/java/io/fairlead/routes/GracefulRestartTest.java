package io.fairlead.routes;

import static io.fairlead.routes.Distributors.await;
import static io.fairlead.routes.Distributors.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.proto.route.v1.StreamRoutesResponse;
import io.fairlead.routes.source.StoreEpoch;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 4724 §4: a distributor that comes back, in whatever state, takes no route away. */
final class GracefulRestartTest {
    private final MemoryKvStore store = new MemoryKvStore();
    private final TestNode node = new TestNode("dev1");

    @BeforeEach
    void twoNodesHaveTheirRoutes() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        put("dev2", "192.168.0.2", "10.244.2.0/24");
        try (Distributors former = Distributors.start(store)) {
            node.connect(former.channel());
            until(() -> node.kernel().size() == 2);
        }
        until(node::hasEnded);
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    private void put(String name, String ip, String cidr) {
        await(store.commit(Txn.of(Op.put(NodeRecords.key(name), NodeRecords.value(name, ip, cidr)))));
    }

    /** What came since, complete, without a removal, and nothing but whole tables. */
    private void assertNothingWasTaken(List<StreamRoutesResponse> since) {
        assertThat(since).allMatch(r -> r.getRemovesCount() == 0);
        assertThat(since).filteredOn(StreamRoutesResponse::getSnapshot).allMatch(r -> r.getUpsertsCount() == 2);
        assertThat(since).filteredOn(StreamRoutesResponse::getInSync).allMatch(r -> r.getEntries() == 2);
        assertThat(node.kernel()).hasSize(2);
    }

    private List<StreamRoutesResponse> since(int before) {
        List<StreamRoutesResponse> all = node.received();
        return all.subList(before, all.size());
    }

    @Test
    void whileTheStoreIsAwayNothingIsSaid() {
        int before = node.received().size();
        store.disconnect();
        try (Distributors again = Distributors.start(store)) {
            node.connect(again.channel());
            assertThat(again.life()).isNotNull();
            // another call goes all the way there and back while the stream stays silent
            for (int i = 0; i < 20; i++) {
                assertThat(org.assertj.core.api.Assertions.catchThrowable(again::list))
                        .hasMessageContaining("not read yet");
            }
            assertThat(since(before)).isEmpty();
            assertThat(node.kernel()).hasSize(2);
            store.reconnect();
            until(() -> since(before).stream().anyMatch(StreamRoutesResponse::getInSync));
            assertNothingWasTaken(since(before));
        }
    }

    @Test
    void anotherLifeOfTheStoreWithTheSameNodesTakesNothing() {
        int before = node.received().size();
        await(store.commit(Txn.of(Op.put(StoreEpoch.KEY, "another"))));
        try (Distributors again = Distributors.start(store)) {
            node.connect(again.channel());
            until(() -> since(before).stream().anyMatch(StreamRoutesResponse::getInSync));
            assertThat(since(before)).allMatch(r -> r.getEpoch().startsWith("another."));
            assertThat(since(before)).first().matches(StreamRoutesResponse::getSnapshot);
            assertNothingWasTaken(since(before));
        }
    }

    @Test
    void manyRestartsInARowTakeNothing() {
        int before = node.received().size();
        for (int i = 0; i < 5; i++) {
            int now = node.received().size();
            try (Distributors again = Distributors.start(store)) {
                node.connect(again.channel());
                until(() -> since(now).stream().anyMatch(StreamRoutesResponse::getInSync));
            }
            until(node::hasEnded);
        }
        assertNothingWasTaken(since(before));
    }

    @Test
    void whatWasReleasedMeanwhileGoesWithTheFirstCompleteTable() {
        await(store.commit(Txn.of(new Op.Delete(NodeRecords.key("dev2")))));
        int before = node.received().size();
        try (Distributors again = Distributors.start(store)) {
            node.connect(again.channel());
            until(() -> node.kernel().size() == 1);
            assertThat(since(before).get(0).getInSync()).isTrue();
        }
    }
}
