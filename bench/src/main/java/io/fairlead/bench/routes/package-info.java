/**
 * How long a node's kernel takes to get its routes, one next hop a node.
 *
 * <p>Run by bench/routes.sh, in a network namespace of its own.
 */
@NullMarked
package io.fairlead.bench.routes;

import org.jspecify.annotations.NullMarked;
