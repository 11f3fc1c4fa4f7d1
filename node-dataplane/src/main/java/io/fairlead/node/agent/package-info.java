/** The agent put together: configuration, start and stop in order. */
@NullMarked
package io.fairlead.node.agent;

import org.jspecify.annotations.NullMarked;
