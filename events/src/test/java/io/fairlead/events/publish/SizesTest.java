package io.fairlead.events.publish;

import static io.fairlead.events.publish.Replica.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.events.source.StateSource;
import io.fairlead.events.source.StoreSources;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.memory.MemoryKvStore;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What docs/events.md says of an outbox's size. */
class SizesTest {
    private static final Logger LOGGER = LoggerFactory.getLogger(SizesTest.class);
    private static final int EVENTS = 1000;

    @TempDir
    private Path directory;

    @Test
    void eventsTakeAsMuchRoomAsTheDocsSay() throws Exception {
        StoreKeys keys = StoreKeys.DEFAULT;
        double identity = perEvent(
                "identity",
                StoreSources.identities(keys),
                i -> Op.put(
                        keys.identitiesById() + (1000 + i),
                        "k8s:app=web-" + i + ";k8s:io.cilium.k8s.policy.cluster=default;"
                                + "k8s:io.kubernetes.pod.namespace=shop;"));
        double address = perEvent("address", StoreSources.addresses(keys), i -> {
            String ip = "10.244." + i / 250 + "." + (1 + i % 250);
            return Op.put(
                    keys.ips() + ip,
                    "{\"IP\":\"" + ip + "\",\"Mask\":null,\"HostIP\":\"10.0.0.1\",\"ID\":" + (1000 + i)
                            + ",\"Key\":0,\"Metadata\":\"\",\"K8sNamespace\":\"shop\",\"K8sPodName\":\"web-" + i
                            + "\"}");
        });
        double node = perEvent(
                "node",
                StoreSources.nodes(keys),
                i -> Op.put(
                        keys.nodes() + "default/node-" + i,
                        "{\"Name\":\"node-" + i + "\",\"Cluster\":\"default\",\"IPAddresses\":"
                                + "[{\"Type\":\"InternalIP\",\"IP\":\"10.0.0.1\"}],\"IPv4AllocCIDR\":"
                                + "{\"IP\":\"10.244.1.0\",\"Mask\":\"////AA==\"},\"ClusterID\":0,\"Source\":\"local\"}"));
        assertThat(identity).isBetween(200.0, 600.0);
        assertThat(address).isBetween(200.0, 600.0);
        assertThat(node).isBetween(200.0, 750.0);
    }

    private double perEvent(String kind, StateSource source, IntFunction<Op> ops) throws Exception {
        FakeBroker broker = new FakeBroker();
        try (MemoryKvStore store = new MemoryKvStore()) {
            Replica replica = new Replica(store.sibling(), broker, directory, 64 << 20, source);
            try {
                until("empty", () -> replica.lane.text().contains("sending, 0 waiting"));
                broker.away(true);
                for (int i = 0; i < EVENTS; i++) {
                    store.commit(Txn.of(ops.apply(i)))
                            .toCompletionStage()
                            .toCompletableFuture()
                            .get(5, TimeUnit.SECONDS);
                }
                until("written", () -> replica.records() >= EVENTS);
                double bytes = replica.bytes() / replica.records();
                LOGGER.atInfo()
                        .addKeyValue("kind", kind)
                        .addKeyValue("bytes", bytes)
                        .log("outbox bytes an event");
                return bytes;
            } finally {
                replica.stop();
            }
        }
    }
}
