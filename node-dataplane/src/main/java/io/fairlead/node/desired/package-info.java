/** What the kernel should hold, as immutable values. Nothing here reads or writes anything. */
@NullMarked
package io.fairlead.node.desired;

import org.jspecify.annotations.NullMarked;
