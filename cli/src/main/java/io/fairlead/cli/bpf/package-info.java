/**
 * Commands about the kernel's maps that take arguments or change something.
 *
 * <p>Each hands over its picocli specification, which the command tree hangs into {@code fairlead bpf}.
 */
@NullMarked
package io.fairlead.cli.bpf;

import org.jspecify.annotations.NullMarked;
