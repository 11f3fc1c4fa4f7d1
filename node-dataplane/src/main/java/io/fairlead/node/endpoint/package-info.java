/** Pods on this node: their addresses, devices and identities, from claim to release. */
@NullMarked
package io.fairlead.node.endpoint;

import org.jspecify.annotations.NullMarked;
