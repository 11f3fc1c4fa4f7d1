package io.fairlead.kvstore;

import java.util.List;

/**
 * What a prefix held at a revision.
 *
 * @param revision the store's revision when it was read
 * @param entries sorted by key
 */
public record Listing(long revision, List<KeyValue> entries) {
    public Listing {
        entries = List.copyOf(entries);
    }
}
