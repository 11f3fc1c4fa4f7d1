/**
 * A real Kafka for tests.
 *
 * <p>Who uses it has Kafka's server on the class path of its tests.
 */
@NullMarked
package io.fairlead.events.kafka.testing;

import org.jspecify.annotations.NullMarked;
