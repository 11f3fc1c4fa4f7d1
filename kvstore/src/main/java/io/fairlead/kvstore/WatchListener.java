package io.fairlead.kvstore;

import java.util.List;

/** Who is told what a watch sees. */
@FunctionalInterface
public interface WatchListener {
    /** Events in revision order; all events of one revision come in one call. */
    void onEvents(List<WatchEvent> events);

    /** The watch lost its server and is trying again; what was said stays true as far as known. */
    default void onDisrupted(KvException cause) {}
}
