/**
 * Numbers for label sets: one number a set, one set a number, decided by transactions of the store.
 *
 * <p>The watched picture of what is allocated only proposes; a stale one costs another attempt.
 */
@NullMarked
package io.fairlead.identity.allocation;

import org.jspecify.annotations.NullMarked;
