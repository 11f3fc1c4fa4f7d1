/**
 * The route distributor: pod CIDR routes from the store to every node.
 *
 * <p>Data takes its way through source, table and stream; this package puts them together.
 */
@NullMarked
package io.fairlead.routes;

import org.jspecify.annotations.NullMarked;
