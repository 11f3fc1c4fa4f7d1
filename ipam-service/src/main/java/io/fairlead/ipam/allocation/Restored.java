package io.fairlead.ipam.allocation;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that the store was restored from a backup: its lineage is another one than the one kept in it. For a grace time
 * after that no block is given of which the store does not say whose it is, since nodes that live may hold blocks the backup
 * does not know; they register with them meanwhile. Every replica waits for itself; any thread may ask.
 */
public final class Restored {
    /** A store that is restored is away for longer than this. */
    static final Duration TRUSTED = Duration.ofMillis(500);

    private static final Logger LOGGER = LoggerFactory.getLogger(Restored.class);

    private final KvStore store;
    private final String key;
    private final Duration grace;
    private final Timers timers;
    // guarded by: this, as is all below; the lineage that blocks are given in
    private @Nullable String settled;
    private long settledAt;
    // the one that is waited for
    private @Nullable String restored;
    private long restoredAt;

    /** @param grace how long nodes have to register with what they hold; zero not to look at all */
    public Restored(KvStore store, IpamKeys keys, Duration grace, Timers timers) {
        this.store = store;
        this.key = keys.lineage();
        this.grace = grace;
        this.timers = timers;
    }

    /** How long no block is given that nobody is known to hold; zero for not at all. Fails when the store does not answer. */
    public Future<Duration> check() {
        if (grace.isZero()) {
            return Future.succeededFuture(Duration.ZERO);
        }
        synchronized (this) {
            if (settled != null && timers.nanoTime() - settledAt < TRUSTED.toNanos()) {
                return Future.succeededFuture(Duration.ZERO);
            }
        }
        return store.lineage().compose(now -> store.get(key).compose(kept -> look(now, kept)));
    }

    /** For people; empty when nothing is waited for. */
    public synchronized Optional<String> text() {
        return restored == null
                ? Optional.empty()
                : Optional.of("the store was restored from a backup: for " + left().toSeconds()
                        + " s more no new block is given, nodes register with those they have");
    }

    private Future<Duration> look(String now, Optional<KeyValue> kept) {
        synchronized (this) {
            boolean same = kept.filter(entry -> entry.value().equals(now)).isPresent();
            boolean first = kept.isEmpty() && (settled == null || settled.equals(now)) && restored == null;
            if (same) {
                settle(now);
                return Future.succeededFuture(Duration.ZERO);
            }
            if (!first) {
                begin(now);
                Duration left = left();
                if (!left.isZero()) {
                    return Future.succeededFuture(left);
                }
            }
        }
        Condition unchanged = kept.<Condition>map(entry -> new Condition.Unchanged(key, entry.modRevision()))
                .orElseGet(() -> new Condition.Missing(key));
        // whoever loses finds what the other wrote
        return store.commit(Txn.when(unchanged).then(Op.put(key, now)).otherwise(new Op.Get(key)))
                .compose(result -> result.succeeded() ? settled(now) : check());
    }

    private synchronized Future<Duration> settled(String now) {
        settle(now);
        return Future.succeededFuture(Duration.ZERO);
    }

    /** Called with the lock. */
    private void settle(String now) {
        if (restored != null) {
            LOGGER.atInfo().addKeyValue("lineage", now).log("new blocks are given again after a restore");
        }
        settled = now;
        settledAt = timers.nanoTime();
        restored = null;
    }

    /** Called with the lock. */
    private void begin(String now) {
        settled = null;
        if (now.equals(restored)) {
            return;
        }
        restored = now;
        restoredAt = timers.nanoTime();
        LOGGER.atWarn()
                .addKeyValue("lineage", now)
                .addKeyValue("grace", grace)
                .log("the store was restored from a backup: no new block is given until nodes have had time to register"
                        + " with those they have");
    }

    /** Called with the lock. */
    private Duration left() {
        Duration left = grace.minusNanos(timers.nanoTime() - restoredAt);
        return left.isNegative() ? Duration.ZERO : left;
    }
}
