package io.fairlead.kvstore;

import io.vertx.core.Future;

/** A granted lease, renewed by the store. */
public interface Lease {
    /** Its number, for {@link Op.Put}. */
    long id();

    /** Ends it: its keys are deleted. */
    Future<Void> revoke();

    /** Completes when the lease is gone: revoked, or expired while the server could not be reached. */
    Future<Void> lost();
}
