/**
 * What Kafka is told by the services as they are shipped.
 *
 * <p>With a real broker, a real etcd, and the command that follows events.
 */
@NullMarked
package io.fairlead.telling;

import org.jspecify.annotations.NullMarked;
