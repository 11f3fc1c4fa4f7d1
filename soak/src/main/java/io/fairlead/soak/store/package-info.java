/**
 * The checker's own eyes: etcd's JSON gateway over plain HTTP, so that nothing of the product is between it and the truth.
 *
 * <p>A watch of everything from the first revision on gives the store's whole history.
 */
@NullMarked
package io.fairlead.soak.store;

import org.jspecify.annotations.NullMarked;
