/**
 * How every process starts and stops.
 *
 * <p>A main declares its keys and its start; logging, help, configuration errors, health and orderly stop are done here.
 */
@NullMarked
package io.fairlead.runtime.process;

import org.jspecify.annotations.NullMarked;
