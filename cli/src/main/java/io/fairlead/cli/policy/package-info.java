/**
 * The commands about network policies: apply, validate, get and delete.
 *
 * <p>They ask the identity service, not the agent of a node: policies are the cluster's.
 */
@NullMarked
package io.fairlead.cli.policy;

import org.jspecify.annotations.NullMarked;
