package io.fairlead.events.kafka;

import io.fairlead.contract.events.EventKind;
import io.fairlead.events.outbox.Entry;
import io.vertx.core.Future;
import java.util.Map;

/** Where events go. Any thread may call; futures complete on any thread. Nothing here waits for ever. */
public interface Broker {
    /** Makes the topic of a kind when it is missing. */
    Future<Void> ensureTopic(EventKind kind);

    /**
     * Sends an event; done when all in-sync replicas have it. One that says an entity is gone is followed by a tombstone.
     *
     * <p>Fails with {@link RefusedException} for a record that can never be sent.
     */
    Future<Void> send(EventKind kind, Entry entry);

    /** What the topic says there is, by key: the last word on each. Empty when there is no topic. */
    Future<Map<String, Entry.Fact>> told(EventKind kind);

    /** Ends what is under way. */
    Future<Void> close();

    /** A record that no broker will ever take. */
    final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public RefusedException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
