/**
 * The devices packets travel through: veth pairs of pods, the node's own pair, the node's native devices.
 *
 * <p>Made so that the kernel alone carries nothing for a pod; what it may do, the attached programs decide.
 */
@NullMarked
package io.fairlead.node.wiring;

import org.jspecify.annotations.NullMarked;
