package io.fairlead.events.source;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** What happened to an entity. */
public sealed interface Change {
    /** Its name without the kind: "4711", "10.244.1.7", "default/dev1". */
    String entity();

    /**
     * It is there.
     *
     * @param revision of the store
     * @param detail what it is; nothing secret
     */
    record Upsert(String entity, long revision, ObjectNode detail) implements Change {}

    /** It is gone. */
    record Delete(String entity, long revision) implements Change {}

    /** What the store has for it is not understood: it counts as there, and as it was. */
    record Unreadable(String entity, String reason) implements Change {}
}
