/**
 * Servers to test against, for the tests of every module and for the sandbox.
 *
 * <p>Fixtures are products: they can be killed, paused and restarted, and leave nothing behind.
 */
@NullMarked
package io.fairlead.kvstore.testing;

import org.jspecify.annotations.NullMarked;
