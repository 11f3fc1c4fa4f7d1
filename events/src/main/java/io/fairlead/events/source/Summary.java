package io.fairlead.events.source;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What is told again and again.
 *
 * @param entity whom it is about: "default", "dev1"
 * @param atMs when it was so, Unix time in ms; it is the event's revision
 * @param detail what is so
 */
public record Summary(String entity, long atMs, ObjectNode detail) {}
