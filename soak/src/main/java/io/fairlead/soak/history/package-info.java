/**
 * What was asked and what was answered, with times: the evidence.
 *
 * <p>An operation that was not answered may have taken effect or may yet do so; it is never taken for a failure.
 */
@NullMarked
package io.fairlead.soak.history;

import org.jspecify.annotations.NullMarked;
