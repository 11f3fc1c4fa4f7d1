package io.fairlead.node.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.api.StatusInputs;
import io.fairlead.node.conntrack.GcCounts;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.health.ClusterState;
import io.fairlead.node.health.HealthNode;
import io.fairlead.node.health.NodeState;
import io.fairlead.node.health.PathState;
import io.fairlead.node.health.ProbeOutcome;
import io.fairlead.node.kernel.bpf.Metric;
import io.fairlead.node.reconcile.Report;
import io.fairlead.node.reconcile.Tables;
import io.fairlead.node.status.Controllers;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NodeMetricsTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);

    private final Controllers controllers = new Controllers(Clock.systemUTC());

    @Test
    void whatUsersOfCiliumKnowIsThereUnderTheNamesTheyKnow() {
        controllers.get("route-stream").succeeded();
        controllers.get("ct-gc").failed("no such map");

        String text = scrape(List.of(
                new Metric(0, Metric.Direction.INGRESS, 7, 700), new Metric(133, Metric.Direction.EGRESS, 3, 300)));

        assertThat(text.lines())
                .contains(
                        "fairlead_forward_count_total{direction=\"INGRESS\"} 7.0",
                        "fairlead_drop_count_total{direction=\"EGRESS\",reason=\"Policy denied\"} 3.0",
                        "fairlead_drop_bytes_total{direction=\"EGRESS\",reason=\"Policy denied\"} 300.0",
                        "fairlead_endpoint 0.0",
                        "fairlead_ip_addresses{family=\"ipv4\"} 2.0",
                        "fairlead_ip_addresses{family=\"ipv6\"} 1.0",
                        "fairlead_ipam_capacity{family=\"ipv4\"} 20.0",
                        "fairlead_ipam_capacity{family=\"ipv6\"} 254.0",
                        "fairlead_controllers_failing 1.0",
                        "fairlead_controller_consecutive_failures{name=\"ct-gc\"} 1.0",
                        "fairlead_bpf_map_pressure{map_name=\"ct4_tcp\"} 0.25",
                        "fairlead_bpf_map_capacity{map_name=\"ipcache\"} 1000.0",
                        "fairlead_nodes_all_num 2.0",
                        "fairlead_unreachable_nodes 1.0",
                        "fairlead_node_health_connectivity_latency_seconds{protocol=\"icmp\",type=\"node\"} 0.005",
                        "fairlead_monitor_lost_events_total 12.0",
                        "fairlead_kernel_in_sync 1.0");
    }

    @Test
    void aPartThatCannotBeReadTakesNothingElseAway() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        registry.getPrometheusRegistry()
                .register(new NodeMetrics(new NodeMetrics.Sources(
                        () -> {
                            throw new IllegalStateException("the map is gone");
                        },
                        () -> new NodeMetrics.Pods(List.of(), List.of()),
                        controllers::all,
                        () -> Tables.EMPTY,
                        Map::of,
                        () -> new GcCounts(0, Duration.ZERO, Duration.ZERO, Map.of()),
                        () -> {
                            throw new IllegalStateException("nobody knows");
                        })));

        assertThat(registry.scrape()).contains("fairlead_endpoint 0.0").doesNotContain("fairlead_forward");
    }

    private String scrape(List<Metric> packets) {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        GcCounts.Table table = new GcCounts.Table(25, 100, 50, 25);
        registry.getPrometheusRegistry()
                .register(new NodeMetrics(new NodeMetrics.Sources(
                        () -> packets,
                        () -> new NodeMetrics.Pods(List.of(), pool().uses()),
                        controllers::all,
                        () -> Tables.EMPTY,
                        () -> Map.of("ipcache", 1000L),
                        () -> new GcCounts(4, Duration.ofSeconds(30), Duration.ofMillis(3), Map.of("ct4_tcp", table)),
                        () -> new NodeMetrics.ClusterView(
                                DesiredState.NOTHING,
                                Report.NONE,
                                Optional.of(new ClusterState(List.of(reached(), lost()))),
                                Optional.of(new StatusInputs.Monitor(2, 64, 4096, 12, 0))))));
        return registry.scrape();
    }

    /** Two IPv4 blocks and one of IPv6: the routers and one pod. */
    private static AddressPool pool() {
        AddressPool pool =
                new AddressPool(List.of(Cidr.parse("10.244.1.0/28"), Cidr.parse("fd00:1::/120")), new Random(1));
        pool.add(Cidr.parse("10.244.9.0/29"));
        pool.allocate(Ip.Family.V4, "default/web");
        return pool;
    }

    private static NodeState reached() {
        PathState near = path("10.0.0.1", new ProbeOutcome.Reached(NOW, Duration.ofMillis(1)));
        PathState far = path("10.0.0.2", new ProbeOutcome.Reached(NOW, Duration.ofMillis(5)));
        return new NodeState(node("n1"), List.of(near, far), List.of());
    }

    private static NodeState lost() {
        return new NodeState(node("n2"), List.of(path("10.0.0.3", new ProbeOutcome.Failed(NOW, "timeout"))), List.of());
    }

    private static PathState path(String ip, ProbeOutcome outcome) {
        return new PathState(Ip.parse(ip), Optional.of(outcome), Optional.of(outcome));
    }

    private static HealthNode node(String name) {
        return new HealthNode(new NodeName(name).value(), false, List.of(), List.of());
    }
}
