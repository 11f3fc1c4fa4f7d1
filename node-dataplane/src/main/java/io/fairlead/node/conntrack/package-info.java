/**
 * Connections and address translations seen from user space: what the programs wrote and nobody uses is removed.
 *
 * <p>The programs never wait for it: an expired entry does not count, and a full table replaces its least used entry.
 */
@NullMarked
package io.fairlead.node.conntrack;

import org.jspecify.annotations.NullMarked;
