package io.fairlead.identity.upkeep;

import io.vertx.core.Future;

/** What the nodes of the cluster have in their kernels. */
@FunctionalInterface
public interface Acknowledgements {
    /** The revision of the store up to which every node there is has everything; 0 when one has nothing. */
    Future<Long> reachedByAll();
}
