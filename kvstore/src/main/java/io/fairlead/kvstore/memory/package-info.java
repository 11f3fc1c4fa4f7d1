/**
 * A store in this process's memory, for tests and for the sandbox without etcd.
 *
 * <p>It keeps the whole contract of the port, and can be told to fail: it is a fake that is a product.
 */
@NullMarked
package io.fairlead.kvstore.memory;

import org.jspecify.annotations.NullMarked;
