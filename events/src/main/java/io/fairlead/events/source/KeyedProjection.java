package io.fairlead.events.source;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each key of the store is an entity.
 *
 * @param entity its name, from the key; fails with IllegalArgumentException for a key that is none
 * @param detail what it is; fails with IllegalArgumentException for a value that is not understood
 */
record KeyedProjection(Function<String, String> entity, Function<KeyValue, ObjectNode> detail) implements Projection {
    private static final Logger LOGGER = LoggerFactory.getLogger(KeyedProjection.class);

    @Override
    public List<Change> apply(List<WatchEvent> events) {
        List<Change> changes = new ArrayList<>();
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put) {
                name(put.entry().key()).ifPresent(name -> changes.add(read(name, put.entry())));
            } else if (event instanceof WatchEvent.Delete delete) {
                name(delete.key()).ifPresent(name -> changes.add(new Change.Delete(name, delete.revision())));
            }
        }
        return changes;
    }

    private Optional<String> name(String key) {
        try {
            return Optional.of(entity.apply(key));
        } catch (IllegalArgumentException e) {
            LOGGER.atDebug().addKeyValue("key", key).log("store key is no entity, there are no events of it");
            return Optional.empty();
        }
    }

    private Change read(String name, KeyValue entry) {
        try {
            return new Change.Upsert(name, entry.modRevision(), detail.apply(entry));
        } catch (IllegalArgumentException e) {
            return new Change.Unreadable(name, String.valueOf(e.getMessage()));
        }
    }
}
