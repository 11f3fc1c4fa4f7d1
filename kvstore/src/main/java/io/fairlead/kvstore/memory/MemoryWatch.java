package io.fairlead.kvstore.memory;

import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvException;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.Watch;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One watch: where it is in the history, and what it has said. */
final class MemoryWatch implements Watch {
    private static final Logger LOGGER = LoggerFactory.getLogger(MemoryWatch.class);

    private final List<String> prefixes;
    private final WatchListener listener;
    private final Runnable onClose;
    // owned by: the store thread
    private final Map<String, Long> said = new TreeMap<>();
    // owned by: the store thread; 0 before the first listing
    private long seen;
    // owned by: the monitor of this, which also keeps close() and a call of the listener apart
    private boolean closed;

    MemoryWatch(List<String> prefixes, WatchListener listener, Runnable onClose) {
        if (prefixes.isEmpty()) {
            throw new IllegalArgumentException("prefixes: none (expected: at least one)");
        }
        this.prefixes = List.copyOf(prefixes);
        this.listener = listener;
        this.onClose = onClose;
    }

    /** Says everything that happened since it last could. */
    void catchUp(MemoryData data) {
        if (seen == 0 || !data.remembers(seen + 1)) {
            relist(data.list(this::holds));
            return;
        }
        for (MemoryData.Change change : data.since(seen + 1)) {
            onChange(change);
        }
    }

    void onChange(MemoryData.Change change) {
        if (change.revision() <= seen) {
            return;
        }
        seen = change.revision();
        List<WatchEvent> events = new ArrayList<>();
        for (WatchEvent event : change.events()) {
            if (event instanceof WatchEvent.Put put && holds(put.entry().key())) {
                said.put(put.entry().key(), put.entry().modRevision());
                events.add(event);
            } else if (event instanceof WatchEvent.Delete delete && said.remove(delete.key()) != null) {
                events.add(event);
            }
        }
        if (!events.isEmpty()) {
            say(events);
        }
    }

    private boolean holds(String key) {
        return prefixes.stream().anyMatch(key::startsWith);
    }

    void onDisrupted() {
        synchronized (this) {
            if (!closed) {
                guarded(() -> listener.onDisrupted(new KvException(
                        FailureKind.RETRY, "watch " + String.join(" and ", prefixes) + ": disconnected", null)));
            }
        }
    }

    private void relist(Listing listing) {
        List<WatchEvent> events = new ArrayList<>();
        listing.entries().stream()
                .filter(e -> !Long.valueOf(e.modRevision()).equals(said.get(e.key())))
                .sorted(Comparator.comparingLong(KeyValue::modRevision))
                .forEach(e -> events.add(new WatchEvent.Put(e)));
        Map<String, Long> now = MemoryData.revisions(listing);
        for (String key : said.keySet()) {
            if (!now.containsKey(key)) {
                events.add(new WatchEvent.Delete(key, listing.revision()));
            }
        }
        said.clear();
        said.putAll(now);
        seen = listing.revision();
        events.add(new WatchEvent.Synced(seen));
        say(events);
    }

    private synchronized void say(List<WatchEvent> events) {
        if (!closed) {
            guarded(() -> listener.onEvents(List.copyOf(events)));
        }
    }

    /** A listener that throws harms neither other watches nor the store. */
    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            LOGGER.atError().addKeyValue("prefix", prefixes).setCause(e).log("a watch listener failed");
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        onClose.run();
    }
}
