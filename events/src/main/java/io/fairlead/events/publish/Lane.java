package io.fairlead.events.publish;

import io.vertx.core.Future;

/** What brings the events of a kind to Kafka. */
public interface Lane {
    /** Begins; nothing waits for it. */
    void start();

    /** How it is, for people. Any thread. */
    String text();

    /** Ends in order: what is on disk stays there. */
    Future<Void> stop();
}
