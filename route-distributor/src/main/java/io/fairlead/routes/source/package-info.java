/**
 * What the store says of nodes, followed for as long as the process lives.
 *
 * <p>Everything it hears goes to the owner of the table, in order.
 */
@NullMarked
package io.fairlead.routes.source;

import org.jspecify.annotations.NullMarked;
