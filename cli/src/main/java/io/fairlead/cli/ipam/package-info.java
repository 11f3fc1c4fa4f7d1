/**
 * Commands about the cluster's addresses: pools, and blocks that are withheld.
 *
 * <p>They ask the ipam-service, not the agent.
 */
@NullMarked
package io.fairlead.cli.ipam;

import org.jspecify.annotations.NullMarked;
