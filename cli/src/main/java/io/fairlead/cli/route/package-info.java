/**
 * {@code route convergence}: how far every node of the cluster is with its routes, asked of the route-distributor.
 *
 * <p>Any replica knows of all nodes.
 */
@NullMarked
package io.fairlead.cli.route;

import org.jspecify.annotations.NullMarked;
