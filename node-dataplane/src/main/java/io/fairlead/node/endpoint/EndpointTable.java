package io.fairlead.node.endpoint;

import io.fairlead.contract.EndpointId;
import io.fairlead.node.endpoint.EndpointException.Reason;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * All endpoints of the node, in memory and on disk. Thread-safe; an endpoint is changed only by who has the claim on
 * its attachment.
 */
final class EndpointTable {
    /** Ids are taken from here first, as users know them: up to four digits. */
    private static final int USUAL_IDS = 4095;

    private static final int ALL_IDS = 65535;
    private static final int GUESSES = 64;

    private final EndpointStore store;
    private final RandomGenerator random;
    private final EndpointLog log;
    private final ConcurrentMap<Attachment, Endpoint> endpoints = new ConcurrentHashMap<>();
    private final Map<EndpointId, Attachment> ids = new HashMap<>(); // owned by: this lock
    private final Set<EndpointId> reserved = new HashSet<>(); // owned by: this lock

    EndpointTable(EndpointStore store, RandomGenerator random, EndpointLog log) {
        this.store = store;
        this.random = random;
        this.log = log;
    }

    EndpointLog log() {
        return log;
    }

    Optional<Endpoint> find(Attachment attachment) {
        return Optional.ofNullable(endpoints.get(attachment));
    }

    List<Endpoint> all() {
        return endpoints.values().stream()
                .sorted((a, b) -> a.id().compareTo(b.id()))
                .toList();
    }

    /** Those not being removed. */
    Stream<Endpoint> living() {
        return endpoints.values().stream().filter(e -> e.state() != EndpointState.DISCONNECTING);
    }

    /** Takes a random free id. */
    synchronized EndpointId takeId(Attachment attachment) {
        for (int i = 0; i < GUESSES; i++) {
            EndpointId id = new EndpointId(random.nextInt(1, USUAL_IDS + 1));
            if (takeId(id, attachment)) {
                return id;
            }
        }
        for (int number = 1; number <= ALL_IDS; number++) {
            EndpointId id = new EndpointId(number);
            if (takeId(id, attachment)) {
                return id;
            }
        }
        throw new EndpointException(Reason.UNAVAILABLE, "endpoint ids: all " + ALL_IDS + " are in use");
    }

    /** Keeps an id from ever being taken by an attachment. */
    synchronized void reserve(EndpointId id) {
        reserved.add(id);
    }

    /** Takes a certain id; false when it is not free. */
    synchronized boolean takeId(EndpointId id, Attachment attachment) {
        return !reserved.contains(id) && ids.putIfAbsent(id, attachment) == null;
    }

    /** Frees an id if this attachment has it. */
    synchronized void giveBackId(EndpointId id, Attachment attachment) {
        ids.remove(id, attachment);
    }

    /** Saves a step of an endpoint's life: on disk first, so that memory never knows more than a restart would. */
    Endpoint save(Endpoint endpoint) {
        store.save(endpoint);
        return remember(endpoint);
    }

    /** Changes only what memory knows. */
    Endpoint remember(Endpoint endpoint) {
        log.step(Optional.ofNullable(endpoints.put(endpoint.attachment(), endpoint)), endpoint);
        return endpoint;
    }

    /** Forgets an endpoint. Its id stays taken. */
    void remove(Endpoint endpoint) {
        store.remove(endpoint);
        endpoints.remove(endpoint.attachment());
        log.removed(endpoint.id());
    }
}
