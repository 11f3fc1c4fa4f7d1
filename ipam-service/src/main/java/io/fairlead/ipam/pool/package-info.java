/**
 * The cluster pool: CIDRs cut into blocks of one size, and which of the blocks are free.
 *
 * <p>Pure: nothing here knows a store, a node or a thread.
 */
@NullMarked
package io.fairlead.ipam.pool;

import org.jspecify.annotations.NullMarked;
