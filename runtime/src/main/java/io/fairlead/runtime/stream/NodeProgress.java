package io.fairlead.runtime.stream;

import io.fairlead.contract.NodeName;
import java.util.Map;

/**
 * What is known of a node.
 *
 * @param connected true while its stream is open
 * @param version everything up to it is in its kernel, but for what failed
 * @param failed reasons by key
 */
public record NodeProgress(NodeName node, boolean connected, long version, Map<String, String> failed) {
    public NodeProgress {
        failed = Map.copyOf(failed);
    }

    /** True when the node has acknowledged a change of this version and did not fail at this key. */
    public boolean has(String key, long changedAt) {
        return version >= changedAt && !failed.containsKey(key);
    }
}
