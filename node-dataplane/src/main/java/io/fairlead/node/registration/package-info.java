/** How the node gets its pod CIDR, and keeps it while the control plane is away. */
@NullMarked
package io.fairlead.node.registration;

import org.jspecify.annotations.NullMarked;
