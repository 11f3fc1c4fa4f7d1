/**
 * Kafka behind a port: send a record, make a topic, and say what a topic tells.
 *
 * <p>The only package that knows Kafka's client.
 */
@NullMarked
package io.fairlead.events.kafka;

import org.jspecify.annotations.NullMarked;
