package io.fairlead.ipam.allocation;

import io.fairlead.contract.NodeName;
import io.fairlead.kvstore.progress.ClusterProgress;
import io.fairlead.kvstore.progress.NodeReached;
import java.util.Map;

/** How far every node is with the routes. Late at worst, never early. */
public interface Progress {
    /** The nodes that are connected to some distributor; any thread may ask. */
    Map<NodeName, NodeReached> nodes();

    /** Calls an action after each change; it must not block. */
    void onChange(Runnable action);

    /** What the distributors write to the store. */
    static Progress of(ClusterProgress cluster) {
        return new Progress() {
            @Override
            public Map<NodeName, NodeReached> nodes() {
                return cluster.nodes();
            }

            @Override
            public void onChange(Runnable action) {
                // ends with the progress itself
                AutoCloseable unused = cluster.onChange(action);
            }
        };
    }
}
