/**
 * What a process says of itself over HTTP: alive, ready, each subsystem, and metrics.
 *
 * <p>Subsystems register checks; nothing here knows what they check.
 */
@NullMarked
package io.fairlead.runtime.health;

import org.jspecify.annotations.NullMarked;
