package io.fairlead.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** One agent over a fake node and a state directory, both of which outlive it. */
final class AgentHarness implements AutoCloseable {
    static final Cidr POD_CIDR = Cidr.parse("10.244.2.0/24");
    final AddressPool pool;
    final EndpointManager manager;
    final EndpointManager.Restored restored;

    AgentHarness(Path state, FakeNode node, Cidr... cidrs) {
        Random random = new Random(7);
        pool = new AddressPool(cidrs.length == 0 ? List.of(POD_CIDR) : List.of(cidrs), random);
        manager = new EndpointManager(
                new EndpointManager.Settings(state, 1500, Duration.ofSeconds(20)),
                pool,
                node.ports(),
                random,
                new ReleaseQueue.Backoff(Duration.ofMillis(1), Duration.ofMillis(5)));
        restored = manager.start();
    }

    static EndpointRequest request(String container, Ip... ips) {
        Labels labels = Labels.parse(List.of("k8s:app=" + container.charAt(0)));
        return new EndpointRequest(
                new Attachment(container, "eth0"),
                "/run/netns/" + container,
                "fairlead",
                new Workload(Optional.of("default"), Optional.of("pod-" + container), labels),
                List.of(ips));
    }

    static Attachment attachment(String container) {
        return new Attachment(container, "eth0");
    }

    /** Waits until the control plane has heard of all that is gone. */
    static void awaitEmpty(FakeNode node) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!node.empty() && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(node.empty()).as(node.toString()).isTrue();
    }

    void expectNothingTaken() {
        assertThat(manager.endpoints()).isEmpty();
        assertThat(pool.allocations()).isEqualTo(Map.of(Ip.parse("10.244.2.1"), AddressPool.ROUTER));
    }

    @Override
    public void close() {
        manager.close();
    }
}
