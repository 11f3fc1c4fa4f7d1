package io.fairlead.identity.policy;

import io.vertx.core.Future;
import java.util.concurrent.Callable;

/** Where work is done that would keep an event loop from everything else, such as {@code vertx::executeBlocking}. */
@FunctionalInterface
public interface Worker {
    /** Does it on another thread; fails as it fails. */
    <T> Future<T> call(Callable<T> work);
}
