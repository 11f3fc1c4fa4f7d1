/**
 * When to try again: back-off and the timer it waits on.
 *
 * <p>Time comes through a port, so that tests turn it by hand.
 */
@NullMarked
package io.fairlead.runtime.retry;

import org.jspecify.annotations.NullMarked;
