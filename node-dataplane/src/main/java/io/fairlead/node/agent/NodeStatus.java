package io.fairlead.node.agent;

import io.fairlead.node.api.StatusInputs;
import io.fairlead.node.datapath.DatapathMode;
import io.fairlead.node.datapath.LoadedDatapath;
import io.fairlead.node.desired.Pod;
import io.fairlead.node.health.ClusterState;
import io.fairlead.node.health.NodeHealth;
import io.fairlead.node.kernel.bpf.LostEvents;
import io.fairlead.node.monitor.MonitorHub;
import io.fairlead.node.policy.PolicyView;
import io.fairlead.node.reconcile.Reconciler;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/** What status says of the datapath and what stands around it, found out when asked. */
final class NodeStatus implements StatusInputs {
    private static final int PAGE = 4096;
    /** Maps whose sizes people set, by the names they know. */
    private static final Map<String, String> MAPS = Map.of(
            "ct4_tcp", "TCP connection tracking",
            "ct4_any", "Non-TCP connection tracking",
            "nat4", "NAT",
            "ipcache", "IP cache",
            "endpoints", "Endpoints",
            "policies", "Policy entries, all endpoints",
            "fragments", "IP fragments",
            "no_masquerade", "IP masquerading exclusions",
            "metrics", "Metrics");

    private final LoadedDatapath loaded;
    private final Reconciler reconciler;
    private final MonitorHub hub;
    private final NodeHealth health;
    private final LostEvents lost;
    private final Supplier<String> services;

    NodeStatus(NodeDatapath datapath, NodeHealth health, Supplier<String> services) {
        this.services = services;
        this.loaded = datapath.loaded();
        this.reconciler = datapath.reconciler();
        this.hub = datapath.events().hub();
        this.health = health;
        this.lost = new LostEvents(loaded.object().map("lost_events"));
    }

    @Override
    public String services() {
        return services.get();
    }

    @Override
    public HostRouting hostRouting() {
        DatapathMode mode = loaded.mode();
        return new HostRouting(
                mode.hostRouting() == DatapathMode.HostRouting.BPF,
                mode.reason().orElse(""));
    }

    @Override
    public String masquerading() {
        return loaded.mode().masquerade().text(reconciler.nativeDevices().keySet());
    }

    @Override
    public synchronized Optional<Monitor> monitor() {
        int processors = hub.processors();
        long[] counts = new long[processors];
        lost.read(counts);
        long all = 0;
        for (long count : counts) {
            all += count;
        }
        return Optional.of(new Monitor(processors, hub.sharedBytes() / PAGE / processors, PAGE, all, 0));
    }

    @Override
    public Optional<ClusterState> health() {
        return health.state();
    }

    /** Most entries of the maps people know, by the map's own name. */
    Map<String, Long> capacities() {
        Map<String, Long> capacities = new TreeMap<>();
        MAPS.keySet()
                .forEach(map ->
                        capacities.put(map, (long) loaded.object().map(map).capacity()));
        return capacities;
    }

    @Override
    public Maps maps() {
        Map<String, Long> sizes = new TreeMap<>();
        MAPS.forEach(
                (map, name) -> sizes.put(name, (long) loaded.object().map(map).capacity()));
        double ratio = loaded.settings().maps().ratio();
        return new Maps(ratio > 0 ? Optional.of(ratio) : Optional.empty(), sizes);
    }

    @Override
    public Map<Integer, String> policyErrors() {
        Map<Integer, PolicyView.Judged> judged = reconciler.policies().judged();
        Map<Integer, String> errors = new HashMap<>();
        for (Pod pod : reconciler.state().pods().values()) {
            PolicyView.Judged by = judged.get(pod.identity().value());
            if (by != null && !by.error().isEmpty()) {
                errors.put(pod.id(), by.error());
            }
        }
        return errors;
    }
}
