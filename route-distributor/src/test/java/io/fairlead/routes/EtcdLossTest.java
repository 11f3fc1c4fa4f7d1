package io.fairlead.routes;

import static io.fairlead.routes.Distributors.await;
import static io.fairlead.routes.Distributors.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.kvstore.testing.EtcdProcess;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("etcd")
final class EtcdLossTest {
    @Test
    void lossOfEtcdRemovesNothingAndNewStateArrivesAfterwards() {
        try (EtcdProcess etcd = EtcdProcess.start();
                KvStore store = new EtcdKvStore(EtcdOptions.of(List.of(etcd.endpoint())));
                Distributors distributor = Distributors.start(store)) {
            put(store, "dev1", "192.168.0.1", "10.244.1.0/24");
            TestNode node = new TestNode("dev1");
            node.connect(distributor.channel());
            until(() -> node.kernel().size() == 1);
            etcd.kill9();
            assertThat(distributor.list().getRoutesCount()).isEqualTo(1);
            etcd.restart();
            put(store, "dev2", "192.168.0.2", "10.244.2.0/24");
            until(() -> node.kernel().size() == 2);
            assertThat(node.hasEnded()).isFalse();
            assertThat(node.received()).allMatch(r -> r.getRemovesCount() == 0);
            assertThat(node.received().stream().filter(r -> r.getSnapshot()).count())
                    .isEqualTo(1);
        }
    }

    private static void put(KvStore store, String node, String ip, String cidr) {
        await(store.commit(Txn.of(Op.put(NodeRecords.key(node), NodeRecords.value(node, ip, cidr)))));
    }
}
