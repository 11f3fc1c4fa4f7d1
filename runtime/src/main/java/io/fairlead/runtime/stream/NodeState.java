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
    long version;
    Map<String, String> failed = Map.of();

    NodeState(NodeName node) {
        this.node = node;
    }

    NodeProgress progress() {
        return new NodeProgress(node, stream != null, version, failed);
    }

    void cancelForgetting() {
        if (forget != null) {
            forget.cancel();
            forget = null;
        }
    }
}
