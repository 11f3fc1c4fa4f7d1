/**
 * A store that counts: how long its requests take, how they end, and how its watches fare. Names are those users of Cilium
 * have in their dashboards.
 */
@NullMarked
package io.fairlead.kvstore.metered;

import org.jspecify.annotations.NullMarked;
