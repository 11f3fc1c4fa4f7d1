/**
 * Which identity an endpoint's address has, made known to every node through the store.
 *
 * <p>An entry hangs on no lease: only its own node's withdrawal removes it.
 */
@NullMarked
package io.fairlead.identity.endpoints;

import org.jspecify.annotations.NullMarked;
