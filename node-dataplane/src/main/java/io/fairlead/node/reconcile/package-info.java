/**
 * From what should be to what is: the planner decides, the reconciler carries out and keeps watch.
 *
 * <p>The reconciler's thread is the only one that writes the kernel's tables.
 */
@NullMarked
package io.fairlead.node.reconcile;

import org.jspecify.annotations.NullMarked;
