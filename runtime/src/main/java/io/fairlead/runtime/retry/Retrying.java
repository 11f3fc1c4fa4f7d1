package io.fairlead.runtime.retry;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Makes attempts until one succeeds, with back-off in between.
 *
 * @param timers where it waits
 * @param worthIt whether a failure may go away by itself
 * @param limit failures after which it gives up
 */
public record Retrying(Timers timers, Predicate<Throwable> worthIt, int limit) {
    /**
     * The first success, or the failure that ended it.
     *
     * @param backoff of this call; several calls may share one, and then share the limit
     */
    public <T> Future<T> call(Backoff backoff, Supplier<Future<T>> attempt) {
        return attempt.get().recover(failure -> {
            if (!worthIt.test(failure) || backoff.attempts() >= limit) {
                return Future.failedFuture(failure);
            }
            Promise<T> later = Promise.promise();
            timers.after(backoff.next(), () -> call(backoff, attempt).onComplete(later));
            return later.future();
        });
    }
}
