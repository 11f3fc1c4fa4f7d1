/**
 * Tests of the package of the same name.
 *
 * <p>Nothing here needs a cluster.
 */
@NullMarked
package io.fairlead.cli.connectivity;

import org.jspecify.annotations.NullMarked;
