/**
 * Explanations between agents: the packet that leaves one node is explained on by the node it arrives at. Read only.
 */
@NullMarked
package io.fairlead.node.explain.grpc;

import org.jspecify.annotations.NullMarked;
