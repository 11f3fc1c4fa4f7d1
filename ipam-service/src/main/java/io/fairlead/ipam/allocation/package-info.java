/**
 * Registering and releasing nodes: what a node holds is decided by one transaction of the store.
 *
 * <p>The watched picture of what is taken only proposes; a stale one costs another attempt, never a block given twice.
 */
@NullMarked
package io.fairlead.ipam.allocation;

import org.jspecify.annotations.NullMarked;
