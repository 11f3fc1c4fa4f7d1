/**
 * A cluster of thousands of nodes on one route-distributor and one identity-service: nodes are simulated, protocol, store and
 * services are real. What is measured is when each node was told, and what that cost the service.
 */
@NullMarked
package io.fairlead.bench.scale;

import org.jspecify.annotations.NullMarked;
