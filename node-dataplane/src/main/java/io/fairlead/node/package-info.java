/** One agent a node: it feeds on the services' streams and makes the kernel do what they say. */
@NullMarked
package io.fairlead.node;

import org.jspecify.annotations.NullMarked;
