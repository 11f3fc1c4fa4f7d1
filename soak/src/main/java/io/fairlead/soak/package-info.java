/**
 * The bench that tries to make the control plane give something twice or lose it: rounds of faults under work, and a check of
 * everything after each.
 *
 * <p>docs/reliability.md says what it does and what came out.
 */
@NullMarked
package io.fairlead.soak;

import org.jspecify.annotations.NullMarked;
