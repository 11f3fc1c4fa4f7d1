package io.fairlead.kvstore.progress;

import java.util.Map;

/**
 * How far a node is with a table.
 *
 * @param replica that serves it
 * @param epoch names the table's life {@code version} belongs to
 * @param version everything up to it is in the node's kernel, but for what failed; 0 for nothing
 * @param current version of the replica's table
 * @param failed reasons by key
 */
public record NodeReached(String replica, String epoch, long version, long current, Map<String, String> failed) {
    public NodeReached {
        failed = Map.copyOf(failed);
    }

    /** True when a change of this revision is in the node's kernel. */
    public boolean has(long revision) {
        return version >= revision;
    }
}
