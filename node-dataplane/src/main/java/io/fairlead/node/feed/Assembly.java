package io.fairlead.node.feed;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * One kind of entry of a stream, put together from snapshot parts and differences.
 *
 * <p>Between a snapshot's first part and its last the former content stays the content: nobody acts on half a snapshot.
 */
final class Assembly<K, V> {
    private Map<K, V> content = Map.of(); // owned by: the feed's executor
    private Map<K, V> building = new HashMap<>(); // owned by: the feed's executor
    private boolean assembling; // owned by: the feed's executor

    /** A new stream: parts of a snapshot that was cut off are forgotten. */
    void restart() {
        assembling = false;
    }

    /**
     * Takes a response in.
     *
     * @param snapshot whether it belongs to a snapshot
     * @param complete whether it is the last part
     * @return true when the content is now complete
     */
    boolean apply(boolean snapshot, boolean complete, Map<K, V> upserts, Collection<K> removes) {
        if (snapshot && !assembling) {
            building = new HashMap<>();
            assembling = true;
        } else if (!assembling) {
            building = new HashMap<>(content);
        }
        removes.forEach(building.keySet()::remove);
        building.putAll(upserts);
        if (assembling && !complete) {
            return false;
        }
        assembling = false;
        content = building;
        return true;
    }

    Map<K, V> content() {
        return content;
    }
}
