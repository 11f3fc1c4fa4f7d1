/**
 * Which route each pod CIDR has, at which version.
 *
 * <p>No I/O here: events in, table out.
 */
@NullMarked
package io.fairlead.routes.table;

import org.jspecify.annotations.NullMarked;
