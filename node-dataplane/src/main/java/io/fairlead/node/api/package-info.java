/** What the {@code fairlead} command asks the agent, over gRPC on a unix socket. */
@NullMarked
package io.fairlead.node.api;

import org.jspecify.annotations.NullMarked;
