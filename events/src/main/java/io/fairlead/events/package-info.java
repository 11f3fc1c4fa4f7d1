/**
 * Tells Kafka what changes in the cluster: at least once, through an outbox on disk, off unless configured.
 *
 * <p>Read left to right: {@code source} says what the store's entries mean, {@code outbox} keeps events on disk, {@code
 * kafka} is where they go, {@code publish} joins these.
 */
@NullMarked
package io.fairlead.events;

import org.jspecify.annotations.NullMarked;
