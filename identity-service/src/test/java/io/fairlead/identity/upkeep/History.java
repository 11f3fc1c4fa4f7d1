package io.fairlead.identity.upkeep;

import io.fairlead.identity.allocation.Replica;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.kvstore.WatchListener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Checks every revision of a store: who is referred to has both its keys, and a number means something else only after it
 * rested until every node had acknowledged that.
 */
final class History implements WatchListener {
    private static final String IDS = Replica.KEYS.ids();
    private static final String LABELS = Replica.KEYS.deciding();
    private static final String FREED = Replica.KEYS.freed();
    private static final String VALUES = Replica.KEYS.references();

    private final LongSupplier acknowledged;
    private final TreeMap<String, String> state = new TreeMap<>();
    private final Map<String, String> meaning = new HashMap<>();
    private final Map<String, Long> resting = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private int changed;

    History(LongSupplier acknowledged) {
        this.acknowledged = acknowledged;
    }

    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    synchronized int changedMeaning() {
        return changed;
    }

    @Override
    public synchronized void onEvents(List<WatchEvent> events) {
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put) {
                state.put(put.entry().key(), put.entry().value());
            } else if (event instanceof WatchEvent.Delete delete) {
                state.remove(delete.key());
            }
        }
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put) {
                written(put.entry().key(), put.entry().value(), put.revision());
            } else if (event instanceof WatchEvent.Delete delete) {
                removed(delete.key(), delete.revision());
            }
        }
    }

    private void written(String key, String value, long revision) {
        if (key.startsWith(VALUES)) {
            String labels = key.substring(VALUES.length(), key.lastIndexOf('/'));
            check(labels.equals(state.get(IDS + value)), revision, key + " of " + value + " without its number's key");
            check(
                    value.equals(state.get(LABELS + labels)),
                    revision,
                    key + " of " + value + " without its deciding key");
        } else if (key.startsWith(FREED)) {
            resting.put(key.substring(FREED.length()), revision);
        } else if (key.startsWith(IDS)) {
            String number = key.substring(IDS.length());
            String before = meaning.put(number, value);
            if (before != null && !before.equals(value)) {
                changed++;
                check(
                        !resting.containsKey(number),
                        revision,
                        number + " was " + before + " and is " + value + " unrested");
            }
        }
    }

    private void removed(String key, long revision) {
        if (key.startsWith(LABELS)) {
            String prefix = VALUES + key.substring(LABELS.length()) + "/";
            String used = state.ceilingKey(prefix);
            check(used == null || !used.startsWith(prefix), revision, key + " removed while there is " + used);
        } else if (key.startsWith(IDS)) {
            check(state.containsKey(FREED + key.substring(IDS.length())), revision, key + " removed and does not rest");
        } else if (key.startsWith(FREED)) {
            Long since = resting.remove(key.substring(FREED.length()));
            check(since != null && since <= acknowledged.getAsLong(), revision, key + " ended before all nodes knew");
        }
    }

    private void check(boolean holds, long revision, String what) {
        if (!holds) {
            violations.add("revision " + revision + ": " + what);
        }
    }
}
