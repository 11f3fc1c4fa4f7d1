/**
 * What consumers of Kafka topics are told: topics, keys and records.
 *
 * <p>Publisher and readers share these; docs/events.md says the same to people.
 */
@NullMarked
package io.fairlead.contract.events;

import org.jspecify.annotations.NullMarked;
