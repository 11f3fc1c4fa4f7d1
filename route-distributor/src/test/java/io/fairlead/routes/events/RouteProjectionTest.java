package io.fairlead.routes.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.ClusterName;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.source.Change;
import io.fairlead.events.source.Projection;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.routes.NodeRecords;
import io.fairlead.routes.table.NodeReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouteProjectionTest {
    private final Projection projection = RouteProjection.source(
                    new NodeReader(StoreKeys.DEFAULT, ClusterName.DEFAULT, 0))
            .projection()
            .get();

    private static WatchEvent node(String name, String ip, String cidr, long revision) {
        String key = NodeRecords.key(name);
        return new WatchEvent.Put(new KeyValue(key, NodeRecords.value(name, ip, cidr), revision, revision, 0));
    }

    private static String text(Change change) {
        if (change instanceof Change.Upsert upsert) {
            return upsert.entity() + "=" + upsert.detail().path("nextHop").asText() + "@" + upsert.revision();
        }
        return change instanceof Change.Delete delete ? delete.entity() + "-@" + delete.revision() : "?";
    }

    private List<String> told(WatchEvent... events) {
        return projection.apply(List.of(events)).stream()
                .map(RouteProjectionTest::text)
                .toList();
    }

    @Test
    void aListingIsToldWhenItIsComplete() {
        assertThat(told(node("b", "10.0.0.2", "10.244.2.0/24", 9), node("a", "10.0.0.1", "10.244.1.0/24", 7)))
                .isEmpty();
        assertThat(told(new WatchEvent.Synced(12)))
                .containsExactly("10.244.1.0/24=10.0.0.1@7", "10.244.2.0/24=10.0.0.2@9");
    }

    @Test
    void eachChangeHasItsOwnRevisionThoughTheyComeTogether() {
        told(new WatchEvent.Synced(1));
        assertThat(told(
                        node("a", "10.0.0.1", "10.244.1.0/24", 5),
                        node("b", "10.0.0.2", "10.244.2.0/24", 6),
                        node("a", "10.0.0.9", "10.244.1.0/24", 7),
                        new WatchEvent.Delete(NodeRecords.key("b"), 8)))
                .containsExactly(
                        "10.244.1.0/24=10.0.0.1@5",
                        "10.244.2.0/24=10.0.0.2@6",
                        "10.244.1.0/24=10.0.0.9@7",
                        "10.244.2.0/24-@8");
    }

    @Test
    void theNextClaimantsRouteHasTheRevisionAtWhichItBeganToCount() {
        told(new WatchEvent.Synced(1));
        assertThat(told(node("a", "10.0.0.1", "10.244.1.0/24", 5))).hasSize(1);
        assertThat(told(node("b", "10.0.0.2", "10.244.1.0/24", 6)))
                .as("claimed second")
                .isEmpty();
        assertThat(told(new WatchEvent.Delete(NodeRecords.key("a"), 9))).containsExactly("10.244.1.0/24=10.0.0.2@9");
    }
}
