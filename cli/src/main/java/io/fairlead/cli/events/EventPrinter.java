package io.fairlead.cli.events;

import io.fairlead.contract.events.EventRecord;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Makes lines of records, each event once. For one thread. */
final class EventPrinter {
    /** Entities whose newest revision is remembered. */
    private static final int REMEMBERED = 200_000;

    private final boolean json;
    private final Map<String, EventRecord.Origin> seen = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, EventRecord.Origin> eldest) {
            return size() > REMEMBERED;
        }
    };

    EventPrinter(boolean json) {
        this.json = json;
    }

    /**
     * The line of a record; empty for one that came before, or is older than one that did.
     *
     * @throws IllegalArgumentException when it is no event
     */
    Optional<String> line(String value) {
        EventRecord event = EventRecord.decode(value);
        EventRecord.Origin origin = event.origin();
        EventRecord.Origin last = seen.get(event.key());
        if (last != null && last.epoch().equals(origin.epoch()) && last.revision() >= origin.revision()) {
            return Optional.empty();
        }
        seen.put(event.key(), origin);
        if (json) {
            return Optional.of(event.encode());
        }
        String detail = event.detail().isEmpty() ? "" : " " + event.detail();
        return Optional.of(event.time() + " " + event.key() + " " + event.type() + " revision " + origin.revision()
                + (event.resync() ? " (resync)" : "") + detail);
    }
}
