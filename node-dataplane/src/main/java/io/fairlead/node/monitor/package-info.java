/**
 * What the datapath and the agent tell those who listen: read from the kernel's ring buffer while there is a listener,
 * handed to each through a bounded queue.
 *
 * <p>Nobody who listens slowly holds up the reader or the datapath: what does not fit is counted and told as lost.
 */
@NullMarked
package io.fairlead.node.monitor;

import org.jspecify.annotations.NullMarked;
