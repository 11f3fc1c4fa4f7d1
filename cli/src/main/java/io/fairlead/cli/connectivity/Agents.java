package io.fairlead.cli.connectivity;

import java.util.List;
import java.util.Map;

/** What the agents of the nodes are asked. Calls block. */
interface Agents extends AutoCloseable {
    /** Packets dropped on a node since it started, by the reason's text. */
    Map<String, Long> drops(String node);

    /** What is wrong with the health of the cluster as a node sees it; nothing when all is well. */
    List<String> unhealthy(String node);

    /** Why a flow passes or not, as lines; from the node its sender is on. */
    List<String> explain(Flow flow);

    @Override
    void close();
}
