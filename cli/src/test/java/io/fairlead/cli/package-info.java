/**
 * The command against an agent made for the test, on a unix socket of its own.
 *
 * <p>Outputs are compared whole, because scripts and habits depend on them.
 */
@NullMarked
package io.fairlead.cli;

import org.jspecify.annotations.NullMarked;
