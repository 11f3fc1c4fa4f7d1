/**
 * Routes to nodes over gRPC, and who has them.
 *
 * <p>The only package with generated messages.
 */
@NullMarked
package io.fairlead.routes.stream;

import org.jspecify.annotations.NullMarked;
