/**
 * Time for tests.
 *
 * <p>A product of this module, so that every module's tests turn the same clock.
 */
@NullMarked
package io.fairlead.runtime.retry.testing;

import org.jspecify.annotations.NullMarked;
