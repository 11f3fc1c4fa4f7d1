/**
 * What policies come to on this node: entries for each identity that local pods have, and which of them judge a pod now.
 *
 * <p>Nothing here reads or writes the kernel; the reconciler does, and it is the only user.
 */
@NullMarked
package io.fairlead.node.policy;

import org.jspecify.annotations.NullMarked;
