package io.fairlead.routes.source;

import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.history.StoreLife;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The name of a store's life: written into it once, by whoever comes first, and read by all replicas since, with the
 * lineage of its revisions, which a restored backup does not share. Versions of one life can be compared, so a node resumes
 * at any replica.
 */
public final class StoreEpoch {
    /** Where it is. */
    public static final String KEY = "fairlead/store-epoch";

    private static final Logger LOGGER = LoggerFactory.getLogger(StoreEpoch.class);

    private final KvStore store;
    private final Timers timers;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), new Random());

    public StoreEpoch(KvStore store, Timers timers) {
        this.store = store;
        this.timers = timers;
    }

    /** The name; tried until the store answers or {@link #stop} is called. */
    public Future<String> read() {
        Promise<String> promise = Promise.promise();
        attempt(promise);
        return promise.future();
    }

    /** Gives up trying. */
    public void stop() {
        stopped.set(true);
    }

    private void attempt(Promise<String> promise) {
        StoreLife.read(store, KEY)
                .map(StoreLife::name)
                .onSuccess(promise::complete)
                .onFailure(cause -> {
                    if (backoff.attempts() == 0) {
                        LOGGER.atWarn().addKeyValue("error", cause.getMessage()).log("store not reached yet");
                    }
                    if (!stopped.get()) {
                        timers.after(backoff.next(), () -> attempt(promise));
                    }
                });
    }
}
