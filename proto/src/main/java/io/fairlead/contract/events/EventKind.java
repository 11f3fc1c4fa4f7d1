package io.fairlead.contract.events;

import java.util.Arrays;
import java.util.Optional;

/** What an event is about: each kind has a topic of its own. */
public enum EventKind {
    /** A number and its labels. */
    IDENTITY("identity", "identities", "created", "changed", "deleted"),
    /** An address and whose it is. */
    ADDRESS("ip", "addresses", "published", "changed", "withdrawn"),
    /** A node, its addresses and its pod CIDRs. */
    NODE("node", "nodes", "registered", "changed", "released"),
    /** A pod CIDR and the way to it. */
    ROUTE("route", "routes", "added", "changed", "removed"),
    /** A network policy. */
    POLICY("policy", "policies", "applied", "applied", "deleted"),
    /** How far the nodes are with routes: told again and again. */
    CONVERGENCE("convergence", "convergence", "summary", "summary", "summary"),
    /** Packets a node dropped, by reason: told again and again. */
    DROPS("drops", "drops", "summary", "summary", "summary");

    /** What topics begin with unless configured otherwise. */
    public static final String DEFAULT_PREFIX = "fairlead.";

    private final String text;
    private final String topic;
    private final String created;
    private final String changed;
    private final String deleted;

    EventKind(String text, String topic, String created, String changed, String deleted) {
        this.text = text;
        this.topic = topic;
        this.created = created;
        this.changed = changed;
        this.deleted = deleted;
    }

    /** As records have it, and what keys begin with: "identity", "ip", "node", … */
    public String text() {
        return text;
    }

    /** Its topic: "fairlead.identities". */
    public String topic(String prefix) {
        return prefix + topic;
    }

    /** The topic without its prefix. */
    public String topicName() {
        return topic;
    }

    /** Key of a record: "identity/4711". */
    public String key(String entity) {
        return text + "/" + entity;
    }

    /** Type of the event that an entity appears. */
    public String created() {
        return created;
    }

    /** Type of the event that an entity is another. */
    public String changed() {
        return changed;
    }

    /** Type of the event that an entity is gone. */
    public String deleted() {
        return deleted;
    }

    /** True when the newest record of a key is the state of an entity: such topics are compacted. */
    public boolean isState() {
        return this != CONVERGENCE && this != DROPS;
    }

    /** The kind of a topic's name without prefix, or of a record's kind. */
    public static Optional<EventKind> find(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.topic.equals(name) || kind.text.equals(name))
                .findFirst();
    }
}
