package io.fairlead.runtime.stream;

import java.util.List;

/**
 * What one response says, but for its nonce.
 *
 * @param epoch of the table
 * @param version what a node that has applied this and everything before may resume from; 0 within a snapshot
 * @param snapshot part of a complete table: what was known before is void
 * @param inSync the last response of an update
 * @param entries how many the table has; with the last response of an update a node has as many
 * @param changes only upserts in a snapshot
 */
public record Chunk<K, V>(
        String epoch, long version, boolean snapshot, boolean inSync, int entries, List<Change<K, V>> changes) {
    public Chunk {
        changes = List.copyOf(changes);
    }
}
