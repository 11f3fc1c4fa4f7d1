/**
 * Policies as the services' messages carry them.
 *
 * <p>The identity service writes them, nodes read them; both here, so that they cannot drift apart.
 */
@NullMarked
package io.fairlead.contract.policy.grpc;

import org.jspecify.annotations.NullMarked;
