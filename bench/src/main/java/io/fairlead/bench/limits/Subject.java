package io.fairlead.bench.limits;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Something that is allocated, through its service. Numbers are not used twice. */
interface Subject extends AutoCloseable {
    /** What it is called in tables. */
    String name();

    /** Has the service allocate one. */
    Future<?> allocate(int number);

    /** What the transaction has besides what it writes. */
    Guards guards();

    /**
     * The transaction's parts that cannot be seen in the store afterwards.
     *
     * @param absent conditions that keys it does not write are not there
     * @param prefixes conditions that nothing is under a prefix
     * @param unconditional keys it writes without a condition
     */
    record Guards(int absent, int prefixes, int unconditional) {}

    @Override
    void close();

    /** What the service's transaction for one of them wrote: the newest entries of one revision. */
    default List<KeyValue> observed(KvStore store, int number) {
        wait(allocate(number));
        List<KeyValue> all = new ArrayList<>();
        for (String prefix : List.of("cilium/", "fairlead/ipam/", "fairlead/identity/")) {
            all.addAll(wait(store.list(prefix)).entries());
        }
        long newest = all.stream().mapToLong(KeyValue::modRevision).max().orElse(0);
        return all.stream().filter(entry -> entry.modRevision() == newest).toList();
    }

    private static <T> T wait(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }
}
