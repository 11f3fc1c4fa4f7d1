package io.fairlead.contract.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;

/**
 * An event, the value of a Kafka record, as JSON. It may come more than once: a consumer drops what has the key, the
 * revision and the epoch of one it has seen.
 *
 * @param kind what it is about
 * @param type what happened: "created", "withdrawn", …
 * @param key the record's key: "identity/4711"
 * @param origin where in the store's life it belongs
 * @param time when the publisher saw it
 * @param cluster that tells it
 * @param resync true when it was found by comparing with the whole store: what happened in between is merged
 * @param detail the entity as it is now; empty when it is gone
 */
public record EventRecord(
        EventKind kind,
        String type,
        String key,
        Origin origin,
        Instant time,
        String cluster,
        boolean resync,
        ObjectNode detail) {
    /** Header with the decimal revision. */
    public static final String REVISION_HEADER = "fairlead-revision";
    /** Header with the epoch. */
    public static final String EPOCH_HEADER = "fairlead-epoch";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A revision and the store's life it counts in.
     *
     * @param epoch another one when revisions start again, as after a restore from a backup
     * @param revision etcd's revision of the change; of a table for summaries
     */
    public record Origin(String epoch, long revision) {}

    /** True when the entity is gone. */
    public boolean isDelete() {
        return kind.isState() && type.equals(kind.deleted());
    }

    /** The JSON text, on one line. */
    public String encode() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("kind", kind.text());
        node.put("type", type);
        node.put("key", key);
        node.put("revision", origin.revision());
        node.put("epoch", origin.epoch());
        node.put("time", time.toString());
        node.put("cluster", cluster);
        if (resync) {
            node.put("resync", true);
        }
        node.setAll(detail);
        return node.toString();
    }

    /**
     * Reads the JSON text.
     *
     * @throws IllegalArgumentException naming the field that is wrong
     */
    public static EventRecord decode(String text) {
        JsonNode read;
        try {
            read = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("event: no JSON (expected: an object)", e);
        }
        if (!(read instanceof ObjectNode node)) {
            throw new IllegalArgumentException("event: no object (expected: a JSON object)");
        }
        String kindText = required(node, "kind");
        EventKind kind = EventKind.find(kindText)
                .orElseThrow(
                        () -> new IllegalArgumentException("event kind: " + kindText + " (expected: a known one)"));
        String type = required(node, "type");
        String key = required(node, "key");
        JsonNode revision = node.path("revision");
        if (!revision.canConvertToLong()) {
            throw new IllegalArgumentException("event revision: " + revision + " (expected: a whole number)");
        }
        Instant time = time(required(node, "time"));
        Origin origin = new Origin(required(node, "epoch"), revision.asLong());
        String cluster = required(node, "cluster");
        boolean resync = node.path("resync").asBoolean(false);
        ObjectNode detail = node.deepCopy();
        detail.remove(List.of("kind", "type", "key", "revision", "epoch", "time", "cluster", "resync"));
        return new EventRecord(kind, type, key, origin, time, cluster, resync, detail);
    }

    private static String required(ObjectNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw new IllegalArgumentException("event " + field + ": " + value + " (expected: a text)");
        }
        return value.asText();
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("event time: " + text + " (expected: such as 2026-11-22T21:36:27Z)", e);
        }
    }
}
