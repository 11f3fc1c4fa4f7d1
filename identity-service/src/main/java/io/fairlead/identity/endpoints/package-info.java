/**
 * Which identity an endpoint's address has, made known to every node through the store.
 *
 * <p>An entry hangs on no lease: its own node's withdrawal removes it, or that node's
 * release from the cluster.
 */
@NullMarked
package io.fairlead.identity.endpoints;

import org.jspecify.annotations.NullMarked;
