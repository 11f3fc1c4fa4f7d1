/** Commands about the kernel's maps. */
@org.jspecify.annotations.NullMarked
package io.fairlead.cli.bpf;
