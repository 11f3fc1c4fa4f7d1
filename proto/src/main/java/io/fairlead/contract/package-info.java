/**
 * The words of the contract as values: addresses, prefixes, labels, identities, names.
 *
 * <p>Each record checks itself when it is made, so whoever holds one holds a good one.
 */
@NullMarked
package io.fairlead.contract;

import org.jspecify.annotations.NullMarked;
