/**
 * Which node has what in its kernel, across all replicas of a streaming service: each replica writes what it knows of its
 * nodes, everybody else reads the sum.
 */
@NullMarked
package io.fairlead.kvstore.progress;

import org.jspecify.annotations.NullMarked;
