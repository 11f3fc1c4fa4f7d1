/**
 * Asks the agent over its unix socket, and says how each of its answers looks as text and as JSON.
 *
 * <p>The only package of the command that sees generated messages.
 */
@NullMarked
package io.fairlead.cli.client;

import org.jspecify.annotations.NullMarked;
