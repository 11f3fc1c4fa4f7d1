package io.fairlead.node.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.EndpointManager;
import io.fairlead.node.endpoint.FakeNode;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What runtimes ask is counted by command and by how it ended. */
class CniMetricsTest {
    private static final String CONFIG = "{\"cniVersion\": \"1.1.0\", \"name\": \"fl\", \"type\": \"fairlead-cni\"}";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    @TempDir
    Path directory;

    @Test
    void requestsAreCountedByCommandAndOutcomeAndTimed() {
        try (EndpointManager endpoints = endpoints()) {
            CniCommands commands = new CniCommands(endpoints, ClusterName.DEFAULT, Optional::empty, registry);
            assertThat(commands.run(request("ADD", CONFIG)).exitCode()).isZero();
            assertThat(commands.run(request("DEL", CONFIG)).exitCode()).isZero();
            assertThat(commands.run(request("DEL", CONFIG)).exitCode()).isZero();
            assertThat(commands.run(request("ADD", "{")).exitCode()).isNotZero();
            assertThat(commands.run(request("DESTROY", CONFIG)).exitCode()).isNotZero();
        }
        assertThat(registry.scrape().lines())
                .contains(
                        "fairlead_cni_requests_total{command=\"ADD\",outcome=\"success\"} 1.0",
                        "fairlead_cni_requests_total{command=\"ADD\",outcome=\"fail\"} 1.0",
                        "fairlead_cni_requests_total{command=\"DEL\",outcome=\"success\"} 2.0",
                        "fairlead_cni_requests_total{command=\"UNKNOWN\",outcome=\"fail\"} 1.0",
                        "fairlead_cni_requests_total{command=\"GC\",outcome=\"fail\"} 0.0",
                        "fairlead_cni_request_duration_seconds_count{command=\"ADD\"} 2",
                        "fairlead_cni_request_duration_seconds_bucket{command=\"DEL\",le=\"+Inf\"} 2");
    }

    @Test
    void whatAgentsCannotDoYetIsAFailure() {
        try (EndpointManager endpoints = endpoints()) {
            CniCommands commands =
                    new CniCommands(endpoints, ClusterName.DEFAULT, () -> Optional.of("waiting"), registry);
            commands.run(request("STATUS", CONFIG));
        }
        assertThat(registry.scrape()).contains("fairlead_cni_requests_total{command=\"STATUS\",outcome=\"fail\"} 1.0");
    }

    private EndpointManager endpoints() {
        EndpointManager endpoints = new EndpointManager(
                new EndpointManager.Settings(directory, 1500, Duration.ofSeconds(10)),
                new AddressPool(List.of(Cidr.parse("10.244.2.0/24")), new Random(5)),
                new FakeNode().ports(),
                new Random(5));
        endpoints.start();
        return endpoints;
    }

    private static CniRequest request(String command, String config) {
        Map<String, String> environment = Shim.environment(command);
        return new CniRequest(environment, ByteBuffer.wrap(config.getBytes(StandardCharsets.UTF_8)));
    }
}
