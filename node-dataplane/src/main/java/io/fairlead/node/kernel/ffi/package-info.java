/** The C functions the agent calls; the only package that knows jnr. */
@NullMarked
package io.fairlead.node.kernel.ffi;

import org.jspecify.annotations.NullMarked;
