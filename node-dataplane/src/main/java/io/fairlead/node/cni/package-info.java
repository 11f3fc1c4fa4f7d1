/**
 * The agent's side of CNI: requests of the shim in, results of the CNI specification out. The frame, the flow and the
 * errors are described in cni/DESIGN.md.
 */
@NullMarked
package io.fairlead.node.cni;

import org.jspecify.annotations.NullMarked;
