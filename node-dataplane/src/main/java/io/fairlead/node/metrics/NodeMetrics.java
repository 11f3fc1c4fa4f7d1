package io.fairlead.node.metrics;

import io.fairlead.node.api.StatusInputs;
import io.fairlead.node.conntrack.GcCounts;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.Endpoint;
import io.fairlead.node.endpoint.EndpointState;
import io.fairlead.node.health.ClusterState;
import io.fairlead.node.health.NodeState;
import io.fairlead.node.health.PathState;
import io.fairlead.node.health.ProbeOutcome;
import io.fairlead.node.kernel.bpf.Metric;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.Tables;
import io.fairlead.node.status.Controller;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All of the agent's own metrics. A part that cannot be read is left out and logged: the others are worth having then most.
 * Any thread may ask.
 */
public final class NodeMetrics implements MultiCollector {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeMetrics.class);

    private final Sources sources;

    /**
     * Where numbers come from; each is asked at each scrape.
     *
     * @param datapath counters of packets
     * @param pods pods of the node, and its blocks of addresses
     * @param controllers what runs over and over
     * @param tables what is in the kernel, as last seen
     * @param capacities most entries of the datapath's tables, by name of the map
     * @param collected what garbage collection of connections left
     */
    public record Sources(
            Supplier<List<Metric>> datapath,
            Supplier<Pods> pods,
            Supplier<? extends Collection<Controller>> controllers,
            Supplier<Tables> tables,
            Supplier<Map<String, Long>> capacities,
            Supplier<GcCounts> collected,
            Supplier<ClusterView> cluster) {}

    /** The node's pods, and where they get addresses from. */
    public record Pods(Collection<Endpoint> endpoints, List<AddressPool.Use> blocks) {}

    /** What is known of the cluster: as it should be here, how that went, who reaches whom, what listeners missed. */
    public record ClusterView(
            DesiredState desired,
            Report report,
            Optional<ClusterState> health,
            Optional<StatusInputs.Monitor> monitor) {}

    public NodeMetrics(Sources sources) {
        this.sources = sources;
    }

    @Override
    public MetricSnapshots collect() {
        Samples samples = new Samples();
        part("datapath", () -> sources.datapath().get().forEach(metric -> packets(samples, metric)));
        part("endpoints", () -> endpoints(samples, sources.pods().get().endpoints()));
        part("addresses", () -> addresses(samples, sources.pods().get().blocks()));
        part("controllers", () -> controllers(samples));
        part("maps", () -> maps(samples));
        part("connections", () -> connections(samples));
        part("cluster", () -> cluster(samples, sources.cluster().get()));
        return samples.snapshots();
    }

    private static void part(String name, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOGGER.atWarn()
                    .addKeyValue("part", name)
                    .addKeyValue("error", String.valueOf(e.getMessage()))
                    .log("metrics could not be read");
        }
    }

    private static void packets(Samples samples, Metric metric) {
        String direction = metric.direction().name();
        if (metric.reason() == 0) {
            samples.counter("forward_count", "Packets forwarded.", metric.packets(), "direction", direction)
                    .counter("forward_bytes", "Bytes forwarded.", metric.bytes(), "direction", direction);
        } else {
            samples.counter(
                            "drop_count",
                            "Packets dropped.",
                            metric.packets(),
                            "direction",
                            direction,
                            "reason",
                            metric.text())
                    .counter(
                            "drop_bytes",
                            "Bytes dropped.",
                            metric.bytes(),
                            "direction",
                            direction,
                            "reason",
                            metric.text());
        }
    }

    private static void endpoints(Samples samples, Collection<Endpoint> endpoints) {
        samples.gauge("endpoint", "Endpoints this agent manages.", endpoints.size());
        for (EndpointState state : EndpointState.values()) {
            long count = endpoints.stream().filter(e -> e.state() == state).count();
            samples.gauge("endpoint_state", "Endpoints by state.", count, "endpoint_state", state.text());
        }
    }

    /** All but the network's and the broadcast's; the router and the health endpoint have one each. */
    private static void addresses(Samples samples, List<AddressPool.Use> blocks) {
        for (AddressPool.Use use : blocks) {
            String family = switch (use.block().cidr().family()) {
                case V4 -> "ipv4";
                case V6 -> "ipv6";
            };
            samples.gauge(
                            "ip_addresses",
                            "Addresses of the node's blocks that are in use.",
                            use.used(),
                            "family",
                            family)
                    .gauge("ipam_capacity", "Addresses of the node's blocks.", use.capacity(), "family", family);
        }
    }

    private void controllers(Samples samples) {
        int failing = 0;
        for (Controller controller : sources.controllers().get()) {
            Controller.State state = controller.state();
            failing += state.consecutiveFailures() > 0 ? 1 : 0;
            samples.gauge(
                    "controller_consecutive_failures",
                    "Failures of a controller since its last success.",
                    state.consecutiveFailures(),
                    "name",
                    controller.name());
            state.lastSuccess()
                    .ifPresent(at -> samples.gauge(
                            "controller_last_success_timestamp_seconds",
                            "When a controller last went well.",
                            seconds(at),
                            "name",
                            controller.name()));
        }
        samples.gauge("controllers_failing", "Controllers that fail.", failing);
    }

    private void maps(Samples samples) {
        Tables tables = sources.tables().get();
        Map<String, Long> capacities = sources.capacities().get();
        long policies = tables.policies().values().stream().mapToLong(Map::size).sum();
        Map<String, Long> filled = Map.of(
                "endpoints", (long) tables.endpoints().size(),
                "ipcache", (long) tables.ipcache().size(),
                "policies", policies);
        capacities.forEach((map, most) -> {
            samples.gauge("bpf_map_capacity", "Most entries of a map.", most, "map_name", map);
            Long entries = filled.get(map);
            if (entries != null) {
                pressure(samples, map, entries, most);
            }
        });
    }

    private void connections(Samples samples) {
        GcCounts counts = sources.collected().get();
        samples.counter("conntrack_gc_runs", "Passes of garbage collection.", counts.passes());
        samples.gauge(
                "conntrack_gc_duration_seconds",
                "What the last pass took.",
                counts.took().toNanos() / 1e9);
        counts.tables().forEach((table, of) -> {
            samples.gauge("conntrack_gc_entries", "Entries after the last pass.", of.entries(), "map_name", table)
                    .counter("conntrack_gc_deleted", "Entries removed.", of.deleted(), "map_name", table);
            pressure(samples, table, of.entries(), of.capacity());
        });
    }

    private static void pressure(Samples samples, String map, long entries, long most) {
        samples.gauge(
                "bpf_map_pressure",
                "Entries of a map as a share of what it holds.",
                most == 0 ? 0 : (double) entries / most,
                "map_name",
                map);
    }

    private static void cluster(Samples samples, ClusterView view) {
        Report report = view.report();
        samples.gauge(
                        "host_routes_synced",
                        "Routes to other nodes that the kernel should have.",
                        view.desired().routes().size())
                .gauge(
                        "host_routes_failed",
                        "Routes the kernel did not take, or that were refused.",
                        report.routeFailures().size() + report.refused().size())
                .gauge(
                        "host_routes_skipped",
                        "Routes to nodes on other networks, left to a router.",
                        report.skipped().size())
                .gauge(
                        "identity",
                        "Identities this node knows.",
                        view.desired().identities().size())
                .counter("drift_repaired", "Entries altered behind the agent's back and put right.", report.repaired())
                .gauge("kernel_in_sync", "1 when the kernel is as it should be.", report.isClean() ? 1 : 0);
        report.lastResync()
                .ifPresent(at -> samples.gauge(
                        "host_routes_sync_time", "When the kernel was last compared in full.", seconds(at)));
        view.monitor().ifPresent(m -> samples.counter("monitor_lost_events", "Events that found no room.", m.lost()));
        view.health().ifPresent(state -> health(samples, state));
    }

    private static void health(Samples samples, ClusterState state) {
        samples.gauge(
                "nodes_all_num",
                "Nodes of the cluster, this one among them.",
                state.nodes().size());
        for (PathState.Reach reach : PathState.Reach.values()) {
            samples.gauge(
                    "node_health_connectivity_status",
                    "Nodes by whether probes arrive.",
                    state.count(reach),
                    "status",
                    reach.text());
        }
        samples.gauge("unreachable_nodes", "Nodes a probe did not reach.", state.count(PathState.Reach.UNREACHABLE));
        for (NodeState node : state.nodes()) {
            latency(samples, node.host(), "node");
            latency(samples, node.endpoint(), "endpoint");
        }
    }

    /** The slowest of all: a sample for each node would be as many as the cluster has, on every node of it. */
    private static void latency(Samples samples, List<PathState> paths, String type) {
        for (PathState path : paths) {
            slowest(samples, type, "icmp", path.icmp());
            slowest(samples, type, "http", path.http());
        }
    }

    private static void slowest(Samples samples, String type, String protocol, Optional<ProbeOutcome> outcome) {
        if (outcome.orElse(null) instanceof ProbeOutcome.Reached reached) {
            samples.most(
                    "node_health_connectivity_latency_seconds",
                    "Slowest round trip to a node or its health endpoint.",
                    seconds(reached.roundTrip()),
                    "protocol",
                    protocol,
                    "type",
                    type);
        }
    }

    private static double seconds(Instant at) {
        return at.toEpochMilli() / 1e3;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
