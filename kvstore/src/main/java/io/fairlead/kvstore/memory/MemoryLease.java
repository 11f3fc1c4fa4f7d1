package io.fairlead.kvstore.memory;

import io.fairlead.kvstore.Lease;
import io.vertx.core.Future;

/** A lease of a memory store. */
record MemoryLease(MemoryKvStore owner, long id, Future<Void> lost) implements Lease {
    @Override
    public Future<Void> revoke() {
        return owner.revoke(id);
    }
}
