/** How the agent is doing: what runs over and over with its last outcomes, and the lines of {@code fairlead status}. */
@NullMarked
package io.fairlead.node.status;

import org.jspecify.annotations.NullMarked;
