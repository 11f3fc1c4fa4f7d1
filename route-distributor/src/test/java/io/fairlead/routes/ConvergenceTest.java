package io.fairlead.routes;

import static io.fairlead.routes.Distributors.await;
import static io.fairlead.routes.Distributors.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.fairlead.kvstore.progress.ClusterProgress;
import io.fairlead.proto.route.v1.GetConvergenceRequest;
import io.fairlead.proto.route.v1.GetConvergenceResponse;
import io.fairlead.proto.route.v1.ListRoutesResponse;
import io.fairlead.proto.route.v1.NodeConvergence;
import io.fairlead.proto.route.v1.RouteServiceGrpc;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two replicas over one store, each with nodes of its own. */
final class ConvergenceTest {
    private final MemoryKvStore store = new MemoryKvStore();

    @AfterEach
    void closeStore() {
        store.close();
    }

    private void put(String node, String ip, String cidr) {
        await(store.commit(Txn.of(Op.put(NodeRecords.key(node), NodeRecords.value(node, ip, cidr)))));
    }

    private static NodeConvergence of(GetConvergenceResponse response, String node) {
        return response.getSlowestList().stream()
                .filter(n -> n.getNodeName().equals(node))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> states(GetConvergenceResponse response) {
        return response.getSlowestList().stream()
                .map(n -> n.getNodeName() + " " + n.getState())
                .toList();
    }

    @Test
    void anyReplicaKnowsHowFarEveryNodeIs() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        put("dev2", "192.168.0.2", "10.244.2.0/24");
        put("dev3", "192.168.0.3", "10.244.3.0/24");
        try (Distributors first = Distributors.start(store);
                Distributors second = Distributors.start(store)) {
            TestNode dev1 = new TestNode("dev1");
            TestNode dev2 = new TestNode("dev2", "10.244.9.0/24");
            dev1.connect(first.channel());
            dev2.connect(second.channel());
            until(() -> dev1.kernel().size() == 3 && dev2.kernel().size() == 3);
            put("dev9", "192.168.0.9", "10.244.9.0/24");
            for (Distributors replica : List.of(first, second)) {
                until(() -> states(replica.convergence())
                        .equals(List.of("dev3 disconnected", "dev9 disconnected", "dev2 failed", "dev1 converged")));
                GetConvergenceResponse now = replica.convergence();
                assertThat(now.getNodes()).isEqualTo(4);
                assertThat(now.getConverged()).isEqualTo(1);
                assertThat(of(now, "dev2").getReason())
                        .isEqualTo("1 route refused: 10.244.9.0/24: gateway is not on link");
                assertThat(of(now, "dev3").getReason()).isEqualTo("no stream");
                assertThat(of(now, "dev1").getReplica())
                        .isNotEqualTo(of(now, "dev2").getReplica());
                assertThat(of(now, "dev1").getVersion()).isEqualTo(now.getVersion());
                assertThat(now.getSamples()).isEqualTo(1);
                assertThat(now.getMaxUs()).isPositive().isGreaterThanOrEqualTo(now.getMedianUs());
                ListRoutesResponse list = replica.list();
                assertThat(list.getNodesList()).containsExactly("dev1", "dev2");
                assertThat(list.getRoutes(0).getInstalledList()).containsExactly("dev1", "dev2");
                assertThat(list.getRoutes(3).getInstalledList()).containsExactly("dev1");
                assertThat(list.getRoutes(3).getFailed(0).getNodeName()).isEqualTo("dev2");
                assertThat(list.getRoutes(3).getConvergedUs()).isZero();
            }
            assertThat(of(first.convergence(), "dev1").getMedianUs()).isPositive();
            put("dev8", "192.168.0.8", "10.244.8.0/24");
            until(() -> first.list().getRoutes(3).getConvergedUs() > 0);
        }
    }

    @Test
    void aReplicaThatHasJustStartedTakesTheWordOfOthersForTheirNodes() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        try (Distributors first = Distributors.start(store)) {
            TestNode dev1 = new TestNode("dev1");
            dev1.connect(first.channel());
            until(() -> first.convergence().getConverged() == 1);
            // moves the store's revision on, not the routes'
            for (int i = 0; i < 10; i++) {
                await(store.commit(Txn.of(Op.put("elsewhere", "x" + i))));
            }
            try (Distributors second = Distributors.start(store)) {
                until(() -> second.life().metrics().scrape().contains("fairlead_routes 1.0"));
                until(() -> second.convergence().getConverged() == 1);
                until(() -> second.list().getRoutes(0).getInstalledList().contains("dev1"));
                put("dev2", "192.168.0.2", "10.244.2.0/24");
                until(() -> dev1.kernel().size() == 2);
                until(() -> states(second.convergence()).equals(List.of("dev2 disconnected", "dev1 converged")));
            }
        }
    }

    @Test
    void whoWaitsForARevisionSeesItReachedOnceItIsInTheKernel() {
        put("dev1", "192.168.0.1", "10.244.1.0/24");
        try (Distributors first = Distributors.start(store);
                ClusterProgress progress = new ClusterProgress(store, OwnKeys.Table.ROUTES)) {
            TestNode dev1 = new TestNode("dev1");
            dev1.connect(first.channel());
            put("dev2", "192.168.0.2", "10.244.2.0/24");
            await(store.commit(Txn.of(new Op.Delete(NodeRecords.key("dev2")))));
            long released = await(store.list(NodeRecords.key("dev2"))).revision();
            until(() -> progress.nodes().containsKey(new NodeName("dev1"))
                    && progress.nodes().get(new NodeName("dev1")).has(released - 1));
            until(() -> dev1.kernel().size() == 1);
        }
    }

    @Test
    void onlyAsManyNodesAreToldAsAreAskedFor() {
        for (int i = 1; i < 9; i++) {
            put("dev" + i, "192.168.0." + i, "10.244." + i + ".0/24");
        }
        try (Distributors first = Distributors.start(store)) {
            until(() -> first.life().metrics().scrape().contains("fairlead_routes 8.0"));
            GetConvergenceResponse some = RouteServiceGrpc.newBlockingStub(first.channel())
                    .getConvergence(
                            GetConvergenceRequest.newBuilder().setLimit(3).build());
            assertThat(some.getSlowestCount()).isEqualTo(3);
            assertThat(some.getNodes()).isEqualTo(8);
        }
    }
}
