/**
 * The {@code fairlead} command: its options, its subcommands and its exit codes.
 *
 * <p>It knows nothing of its own; everything it prints is what the agent on this node answers.
 */
@NullMarked
package io.fairlead.cli;

import org.jspecify.annotations.NullMarked;
