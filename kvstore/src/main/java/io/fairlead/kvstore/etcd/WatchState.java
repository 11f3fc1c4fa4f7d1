package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.Event;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Listing;
import io.fairlead.kvstore.WatchEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What a watch has said so far, and what is news against it. Owned by the store's thread. */
final class WatchState {
    private final Map<String, Long> said = new HashMap<>();
    private long seen;

    /** Revision up to which everything has been said; 0 before the first listing. */
    long seen() {
        return seen;
    }

    /** The difference between what was said and a listing, and that it is complete now. */
    List<WatchEvent> onListing(Listing listing) {
        List<WatchEvent> news = new ArrayList<>();
        Map<String, Long> now = new HashMap<>();
        listing.entries().forEach(e -> now.put(e.key(), e.modRevision()));
        listing.entries().stream()
                .filter(e -> !Long.valueOf(e.modRevision()).equals(said.get(e.key())))
                .sorted(Comparator.comparingLong(KeyValue::modRevision))
                .forEach(e -> news.add(new WatchEvent.Put(e)));
        said.keySet().stream()
                .filter(key -> !now.containsKey(key))
                .sorted()
                .forEach(key -> news.add(new WatchEvent.Delete(key, listing.revision())));
        said.clear();
        said.putAll(now);
        seen = listing.revision();
        news.add(new WatchEvent.Synced(seen));
        return news;
    }

    /**
     * Only events move {@code seen}: a header's revision may be ahead of what was delivered.
     *
     * @param watched keys of the watch; its range may hold others
     */
    List<WatchEvent> onEvents(List<Event> events, Predicate<String> watched) {
        List<WatchEvent> news = new ArrayList<>(events.size());
        long last = seen;
        for (Event event : events) {
            long revision = event.getKv().getModRevision();
            String key = event.getKv().getKey().toStringUtf8();
            if (revision <= seen || !watched.test(key)) {
                continue;
            }
            last = Math.max(last, revision);
            if (event.getType() == Event.EventType.PUT) {
                said.put(key, revision);
                news.add(new WatchEvent.Put(Wire.entry(key, event.getKv())));
            } else if (said.remove(key) != null) {
                news.add(new WatchEvent.Delete(key, revision));
            }
        }
        seen = last;
        return news;
    }
}
