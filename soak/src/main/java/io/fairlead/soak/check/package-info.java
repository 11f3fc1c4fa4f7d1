/**
 * What must hold, and whether it did: pure functions of histories, tested with histories that must fail.
 *
 * <p>Nothing here asks a service; what services decided is read from what they answered and from what etcd committed.
 */
@NullMarked
package io.fairlead.soak.check;

import org.jspecify.annotations.NullMarked;
