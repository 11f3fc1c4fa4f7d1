/**
 * From the store to Kafka, a lane a kind: follow, write to the outbox, send, say how far.
 *
 * <p>All of it lives on one thread, the owner's; nothing that serves nodes waits for it.
 */
@NullMarked
package io.fairlead.events.publish;

import org.jspecify.annotations.NullMarked;
