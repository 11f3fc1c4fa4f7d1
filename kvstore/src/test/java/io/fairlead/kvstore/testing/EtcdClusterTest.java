package io.fairlead.kvstore.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("etcd")
class EtcdClusterTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Test
    void aWriteOutlivesTheMemberThatIsKilledAndIsThereWhenItIsBack(@TempDir Path directory) throws Exception {
        try (EtcdCluster cluster = EtcdCluster.startOnLoopback(directory, 3);
                EtcdKvStore store = new EtcdKvStore(EtcdOptions.of(cluster.endpoints()))) {
            EtcdMember first = cluster.members().get(0);
            first.kill9();
            await(() -> store.commit(Txn.of(Op.put("fl/key", "value"))));
            assertThat(await(() -> store.get("fl/key")).map(KeyValue::value)).contains("value");
            first.start();
            assertThat(cluster.awaitHealthy(LIMIT)).isTrue();
            cluster.members().get(1).pause();
            assertThat(await(() -> store.get("fl/key")).map(KeyValue::value)).contains("value");
            cluster.members().get(1).resume();
        }
    }

    /** Asks until there is an answer: elections take their time. */
    private static <T> T await(Supplier<Future<T>> request) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            try {
                return request.get().toCompletionStage().toCompletableFuture().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof KvException) || System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }
}
