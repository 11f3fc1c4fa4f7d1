/**
 * Which labels make an identity, and which label sets have a number of their own.
 *
 * <p>The rules, their order and their defaults are those of Cilium 1.20's identity-relevant label filter.
 */
@NullMarked
package io.fairlead.identity.labels;

import org.jspecify.annotations.NullMarked;
