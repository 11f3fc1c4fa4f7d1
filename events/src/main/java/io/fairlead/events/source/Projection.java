package io.fairlead.events.source;

import io.fairlead.kvstore.WatchEvent;
import java.util.List;

/** Turns what a watch says into changes of entities. For one watch from its beginning, on one thread. */
@FunctionalInterface
public interface Projection {
    /** The changes that events make, in order; what was listed may be held back until it is complete. */
    List<Change> apply(List<WatchEvent> events);
}
