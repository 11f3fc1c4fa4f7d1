/**
 * Tables and JSON alone.
 *
 * <p>Needs no agent.
 */
@NullMarked
package io.fairlead.cli.output;

import org.jspecify.annotations.NullMarked;
