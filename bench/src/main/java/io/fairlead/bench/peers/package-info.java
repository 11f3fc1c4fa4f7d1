/**
 * Beside the daemons people run for this: BIRD, FRR and GoBGP as route reflectors with BIRD clients, against the
 * route-distributor with agents, all into real kernels in network namespaces.
 */
@NullMarked
package io.fairlead.bench.peers;

import org.jspecify.annotations.NullMarked;
