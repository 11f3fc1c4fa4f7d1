/**
 * Commands that do more than print one answer: what they are given and how they end.
 *
 * <p>Each is a picocli specification whose user object is a {@link Run}; groups of them have packages of their own.
 */
@NullMarked
package io.fairlead.cli.command;

import org.jspecify.annotations.NullMarked;
