package io.fairlead.runtime.stream;

import io.fairlead.contract.NodeName;
import io.fairlead.runtime.retry.Timers;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node's open stream, and what it has acknowledged on this and former ones. */
final class NodeState {
    final NodeName node;
    // all owned by: the context of the streams
    @Nullable
    TableStream<?, ?> stream;

    Timers.@Nullable Pending forget;
    String epoch = "";
    long version;
    Map<String, String> failed = Map.of();

    NodeState(NodeName node) {
        this.node = node;
    }

    void reached(String newEpoch, long newVersion) {
        epoch = newEpoch;
        version = newVersion;
    }

    /** A version of another epoch than the table's says nothing of it. */
    NodeProgress progress(String tableEpoch) {
        return new NodeProgress(node, stream != null, epoch.equals(tableEpoch) ? version : 0, failed);
    }

    void cancelForgetting() {
        if (forget != null) {
            forget.cancel();
            forget = null;
        }
    }
}
