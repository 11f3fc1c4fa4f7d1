/**
 * The server's half of a stream to nodes: a table with versions, what changed since one of them, and who has it.
 *
 * <p>Nothing is queued for a node: when it can take more it gets the difference to what it has.
 */
@NullMarked
package io.fairlead.runtime.stream;

import org.jspecify.annotations.NullMarked;
