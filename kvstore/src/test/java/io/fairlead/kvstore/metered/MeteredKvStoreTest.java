package io.fairlead.kvstore.metered;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MeteredKvStoreTest {
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final MemoryKvStore memory = new MemoryKvStore();
    private final KvStore store = new MeteredKvStore(memory, metrics);

    @Test
    void requestsAndWatchesAreCounted() throws Exception {
        CompletableFuture<List<WatchEvent>> seen = new CompletableFuture<>();
        await(store.commit(Txn.of(Op.put("a/1", "x"))));
        store.watch("a/", seen::complete);
        seen.get(10, TimeUnit.SECONDS);
        await(store.get("a/1"));
        await(store.list("a/"));
        memory.disconnect();
        await(store.get("a/1").otherwiseEmpty());
        memory.reconnect();

        assertThat(count("txn", "success")).isEqualTo(1);
        assertThat(count("get", "success")).isEqualTo(1);
        assertThat(count("get", "fail")).isEqualTo(1);
        assertThat(metrics.get("fairlead.kvstore.watch.listings")
                        .tag("scope", "a/")
                        .counter()
                        .count())
                .isGreaterThanOrEqualTo(1);
        assertThat(metrics.get("fairlead.kvstore.watch.disruptions").counter().count())
                .isEqualTo(1);
        store.close();
    }

    @Test
    void aFailureIsPassedOn() {
        memory.disconnect();
        assertThat(store.get("k").toCompletionStage().toCompletableFuture())
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableOfType(java.util.concurrent.ExecutionException.class);
        store.close();
    }

    private long count(String action, String outcome) {
        return metrics.get("fairlead.kvstore.operations.duration")
                .tag("action", action)
                .tag("outcome", outcome)
                .timer()
                .count();
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage()
                    .toCompletableFuture()
                    .orTimeout(10, TimeUnit.SECONDS)
                    .join();
        } catch (CompletionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
