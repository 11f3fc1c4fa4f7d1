package io.fairlead.kvstore.history;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.WatchEvent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Finds the last readable value of keys that were listed with one that cannot be read, so that a reader that starts late
 * knows what one that was there already has kept.
 *
 * <p>Goes back through the store's history, but not beyond a deletion of the key, as far as it was not compacted away.
 *
 * @param readable whether a reader understands an entry; asked on the caller's and on the store's thread
 */
public record LastReadable(KvStore store, Predicate<KeyValue> readable) {
    private static final int DEEPEST = 100;
    private static final int FIRST_PAUSE_MS = 50;
    private static final int LONGEST_PAUSE_MS = 2000;

    /**
     * What a watch said, and before each entry that cannot be read the last one of its key that can be. A store that does
     * not answer is asked again until it does, or is closed. Completes on the caller's or on the store's thread; never fails.
     */
    public Future<List<WatchEvent>> before(List<WatchEvent> events) {
        Future<List<WatchEvent>> all = Future.succeededFuture(new ArrayList<>(events.size()));
        List<WatchEvent> good = new ArrayList<>();
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put && !readable.test(put.entry())) {
                List<WatchEvent> sofar = List.copyOf(good);
                good.clear();
                all = all.compose(said -> last(put.entry(), DEEPEST).map(found -> {
                    said.addAll(sofar);
                    found.ifPresent(entry -> said.add(new WatchEvent.Put(entry)));
                    said.add(put);
                    return said;
                }));
            } else {
                good.add(event);
            }
        }
        return all.map(said -> {
            said.addAll(good);
            return said;
        });
    }

    private Future<Optional<KeyValue>> last(KeyValue entry, int deepest) {
        if (entry.modRevision() <= entry.createRevision() || deepest == 0) {
            return Future.succeededFuture(Optional.empty());
        }
        return asked(entry.key(), entry.modRevision() - 1, FIRST_PAUSE_MS)
                .compose(former -> former.isEmpty() || readable.test(former.get())
                        ? Future.succeededFuture(former)
                        : last(former.get(), deepest - 1));
    }

    private Future<Optional<KeyValue>> asked(String key, long revision, int pauseMs) {
        return store.getAt(key, revision).recover(cause -> {
            boolean passes = cause instanceof KvException known && known.kind() == FailureKind.RETRY;
            if (!passes) {
                // compacted away, refused, or closed: there is nothing to be found out
                return Future.succeededFuture(Optional.empty());
            }
            Promise<Optional<KeyValue>> later = Promise.promise();
            int pause = ThreadLocalRandom.current().nextInt(pauseMs / 2, pauseMs + 1);
            CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS)
                    .execute(() -> asked(key, revision, Math.min(LONGEST_PAUSE_MS, pauseMs * 2))
                            .onComplete(later));
            return later.future();
        });
    }
}
