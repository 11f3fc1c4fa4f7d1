/**
 * Events on local disk between the store's watch and Kafka: segments of checksummed records, and what they add up to.
 *
 * <p>One thread owns an outbox. What is on disk is bounded; a torn or corrupt end is cut off, for what it said is found
 * again by comparing the store with what is known.
 */
@NullMarked
package io.fairlead.events.outbox;

import org.jspecify.annotations.NullMarked;
