/**
 * The datapath's programs and maps: what is in their object, how they get into the kernel, and its maps and links as
 * tables.
 *
 * <p>Every layout comes from BTF, the object's or the kernel's; fields are bound by name.
 */
@NullMarked
package io.fairlead.node.kernel.bpf;

import org.jspecify.annotations.NullMarked;
