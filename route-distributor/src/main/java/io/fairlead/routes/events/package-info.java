/**
 * Routes as events: what Kafka is told of them.
 *
 * <p>It has a table of its own, so that nothing nodes are told waits for it.
 */
@NullMarked
package io.fairlead.routes.events;

import org.jspecify.annotations.NullMarked;
