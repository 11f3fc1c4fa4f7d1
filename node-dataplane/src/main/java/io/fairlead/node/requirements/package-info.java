/** What a node must be able to do before the agent touches it. */
@NullMarked
package io.fairlead.node.requirements;

import org.jspecify.annotations.NullMarked;
