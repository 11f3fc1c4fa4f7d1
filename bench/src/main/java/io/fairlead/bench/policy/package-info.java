/**
 * How long a changed policy takes until every node enforces it.
 *
 * <p>Run by bench/policy.sh, in the namespace of a sandbox's services.
 */
@NullMarked
package io.fairlead.bench.policy;

import org.jspecify.annotations.NullMarked;
