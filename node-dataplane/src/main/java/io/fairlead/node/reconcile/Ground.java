package io.fairlead.node.reconcile;

import io.fairlead.contract.Ip;
import io.fairlead.node.desired.DesiredState;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the tables stand on: the node's own devices and settings. Looked after before each full look. */
public interface Ground {
    /**
     * Puts right what somebody else altered, and says what there is now.
     *
     * @param state whose pods have devices
     */
    Look look(DesiredState state);

    /**
     * What a look found.
     *
     * @param nativeDevices devices towards other nodes, index by name
     * @param hostAddresses all addresses the node has
     * @param repaired how many devices and settings were put right
     * @param problems what could not be put right, one sentence each
     */
    record Look(Map<String, Integer> nativeDevices, Set<Ip> hostAddresses, int repaired, List<String> problems) {
        public Look {
            nativeDevices = Map.copyOf(nativeDevices);
            hostAddresses = Set.copyOf(hostAddresses);
            problems = List.copyOf(problems);
        }
    }
}
