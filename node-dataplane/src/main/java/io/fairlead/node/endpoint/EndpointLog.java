package io.fairlead.node.endpoint;

import io.fairlead.contract.EndpointId;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What became of each endpoint, in memory: the last {@link #MOST_ENTRIES} entries of one, and those of the last {@link
 * #MOST_GONE} that are gone, until their id is given again. Thread-safe.
 */
public final class EndpointLog {
    /** Entries of one endpoint. */
    public static final int MOST_ENTRIES = 256;

    /** Endpoints that are gone and remembered. */
    public static final int MOST_GONE = 64;

    private final Clock clock;
    private final Map<EndpointId, Deque<Entry>> living = new LinkedHashMap<>(); // guarded by: this
    private final Map<EndpointId, Deque<Entry>> gone = new LinkedHashMap<>(); // guarded by: this

    /** How it went. */
    public enum Status {
        OK,
        WARNING,
        FAILURE;

        /** The word as lists have it. */
        public String text() {
            return switch (this) {
                case OK -> "OK";
                case WARNING -> "Warning";
                case FAILURE -> "Failure";
            };
        }
    }

    /**
     * Something that happened.
     *
     * @param state of the endpoint then
     */
    public record Entry(Instant at, Status status, EndpointState state, String message) {}

    EndpointLog(Clock clock) {
        this.clock = clock;
    }

    /** Entries of an endpoint, newest first; empty when none of that id is known. */
    public synchronized Optional<List<Entry>> of(EndpointId id) {
        Deque<Entry> entries = living.containsKey(id) ? living.get(id) : gone.get(id);
        return Optional.ofNullable(entries).map(ArrayList::new);
    }

    /** Says something about an endpoint in the state it is in. */
    public synchronized void note(Endpoint endpoint, String message) {
        add(endpoint, Status.OK, message);
    }

    /** The endpoint became another value; what differs is what happened. */
    synchronized void step(Optional<Endpoint> before, Endpoint now) {
        if (before.isEmpty() || !before.get().id().equals(now.id())) {
            String origin = now.state() == EndpointState.CREATING ? "Endpoint is being made" : "Found at start";
            add(now, Status.OK, origin + ": addresses " + now.ips());
            return;
        }
        Endpoint earlier = before.get();
        if (!earlier.device().equals(now.device())) {
            now.device()
                    .ifPresent(device -> add(
                            now, Status.OK, "Interface " + now.hostInterface() + " made, index " + device.ifindex()));
        }
        if (!earlier.identity().equals(now.identity())) {
            now.identity().ifPresent(identity -> add(now, Status.OK, "Identity is " + identity));
        }
        if (earlier.state() != now.state()) {
            add(now, Status.OK, "State was " + earlier.state().text());
        }
    }

    synchronized void failed(Endpoint endpoint, Status status, String reason) {
        add(endpoint, status, reason);
    }

    synchronized void removed(EndpointId id) {
        Deque<Entry> entries = living.remove(id);
        if (entries != null) {
            gone.remove(id);
            gone.put(id, entries);
            if (gone.size() > MOST_GONE) {
                gone.remove(gone.keySet().iterator().next());
            }
        }
    }

    private void add(Endpoint endpoint, Status status, String message) {
        if (endpoint.state() == EndpointState.CREATING) {
            gone.remove(endpoint.id()); // an endpoint of another time
        }
        Deque<Entry> entries = gone.containsKey(endpoint.id())
                ? gone.get(endpoint.id())
                : living.computeIfAbsent(endpoint.id(), id -> new ArrayDeque<>());
        entries.addFirst(new Entry(clock.instant(), status, endpoint.state(), message));
        while (entries.size() > MOST_ENTRIES) {
            entries.removeLast();
        }
    }
}
