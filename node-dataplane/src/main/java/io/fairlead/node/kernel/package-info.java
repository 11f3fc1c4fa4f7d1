/**
 * What the agent keeps in the kernel, each kind of it as one table: routes, next hops, map entries, attached programs.
 *
 * <p>Only the reconciler writes tables; nothing here decides.
 */
@NullMarked
package io.fairlead.node.kernel;

import org.jspecify.annotations.NullMarked;
