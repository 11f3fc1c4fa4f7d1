package io.fairlead.node.api;

import io.fairlead.node.health.ClusterState;
import java.util.Map;
import java.util.Optional;

/** What {@code fairlead status} says of parts that are not the agent's core. Any thread may ask; answers are of now. */
public interface StatusInputs {

    /** The replica of each service that this node uses: "identity 192.168.2.10:7301 (1 of 2), ipam …". */
    String services();

    /** How packets of pods leave and enter the node. */
    HostRouting hostRouting();

    /** The line's text: "Disabled", or "BPF [ens33] 10.0.0.0/8 [IPv4: Enabled, IPv6: Disabled]". */
    String masquerading();

    /** Who listens for datapath events; empty when the datapath writes none. */
    Optional<Monitor> monitor();

    /** What is known of the other nodes; empty when health is not checked. */
    Optional<ClusterState> health();

    /** The datapath's maps. */
    Maps maps();

    /** Why the newest policy of an endpoint is not in force, by endpoint id; only those with such a reason. */
    Map<Integer, String> policyErrors();

    /**
     * Host routing.
     *
     * @param bpf whether the datapath does it, rather than the node's stack
     * @param reason why not; empty for none
     */
    record HostRouting(boolean bpf, String reason) {}

    /**
     * The way of events.
     *
     * @param cpus that may write
     * @param pages of shared memory for each
     * @param pageSize in bytes
     * @param lost events that found no room
     * @param unknown events nobody understood
     */
    record Monitor(int cpus, int pages, int pageSize, long lost, long unknown) {}

    /**
     * Sizes of maps.
     *
     * @param ratio of the node's memory, when sizes follow that
     * @param sizes most entries, by what is in the map
     */
    record Maps(Optional<Double> ratio, Map<String, Long> sizes) {
        public Maps {
            sizes = Map.copyOf(sizes);
        }
    }
}
