/**
 * Whether nodes reach each other: what answers on this node and on its health endpoint, and what asks the others.
 *
 * <p>How many probes a node sends and gets a second does not grow with the cluster: see {@link
 * io.fairlead.node.health.ProbeSchedule}.
 */
@NullMarked
package io.fairlead.node.health;

import org.jspecify.annotations.NullMarked;
