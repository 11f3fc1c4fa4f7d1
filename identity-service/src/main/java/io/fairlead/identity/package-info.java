/**
 * The identity-service: which security identity a set of labels has, and which identity an address has.
 *
 * <p>Read left to right: {@code labels} chooses what counts, {@code allocation} gives numbers, {@code endpoints} publishes
 * addresses, {@code stream} tells nodes.
 */
@NullMarked
package io.fairlead.identity;

import org.jspecify.annotations.NullMarked;
