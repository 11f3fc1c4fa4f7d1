package io.fairlead.kvstore;

/** What a watch says. */
public sealed interface WatchEvent {
    /** Revision of the store the event belongs to. */
    long revision();

    /** A key was written, or was there when the prefix was listed. */
    record Put(KeyValue entry) implements WatchEvent {
        @Override
        public long revision() {
            return entry.modRevision();
        }
    }

    /** A key is gone; found by re-listing when {@code revision} is the listing's. */
    record Delete(String key, long revision) implements WatchEvent {}

    /** Everything the prefix held at this revision has been said. */
    record Synced(long revision) implements WatchEvent {}
}
