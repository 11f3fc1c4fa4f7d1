/**
 * {@code fairlead events}: what the services told Kafka, a line an event.
 *
 * <p>It asks the brokers, not the agent.
 */
@NullMarked
package io.fairlead.cli.events;

import org.jspecify.annotations.NullMarked;
