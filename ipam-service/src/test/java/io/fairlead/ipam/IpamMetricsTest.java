package io.fairlead.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.Cidr;
import io.fairlead.ipam.allocation.IpamException;
import io.fairlead.ipam.allocation.IpamKeys;
import io.fairlead.ipam.allocation.Occupancy;
import io.fairlead.ipam.allocation.PoolAdmin;
import io.fairlead.kvstore.memory.MemoryKvStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class IpamMetricsTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void everyPoolAndFamilyHasItsGaugesAsSoonAsItIsThere() throws Exception {
        try (MemoryKvStore store = new MemoryKvStore();
                Occupancy occupancy = new Occupancy(store, new IpamKeys("cilium/state/nodes/v1/", IpamKeys.CLAIMS))) {
            IpamMetrics metrics = new IpamMetrics(registry, occupancy);
            PoolAdmin pools = new PoolAdmin(store, new IpamKeys("cilium/state/nodes/v1/", IpamKeys.CLAIMS), occupancy);
            pools.add("blue", List.of(Cidr.parse("10.9.0.0/24"), Cidr.parse("fd00::/112")), 0)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            // on the store's thread, so after the listeners were called
            store.get("x").toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
            assertThat(capacity("ipv4")).isEqualTo(1);
            assertThat(capacity("ipv6")).isEqualTo(256);
            assertThat(registry.get("fairlead_ipam_blocks")
                            .tags("pool", "blue", "family", "ipv4", "state", "free")
                            .gauge()
                            .value())
                    .isEqualTo(1);
            metrics.event("register", true);
            metrics.event("register", false);
            assertThat(registry.get("fairlead_ipam_events")
                            .tag("action", "register")
                            .counter()
                            .count())
                    .isEqualTo(1);
        }
    }

    @Test
    void registrationsAreTimedByOutcome() {
        try (MemoryKvStore store = new MemoryKvStore();
                Occupancy occupancy = new Occupancy(store, new IpamKeys("cilium/state/nodes/v1/", IpamKeys.CLAIMS))) {
            IpamMetrics metrics = new IpamMetrics(registry, occupancy);
            metrics.timed(() -> Future.succeededFuture("done"));
            metrics.timed(() -> Future.failedFuture(new IpamException(IpamException.Reason.EXHAUSTED, "full")));
            metrics.timed(() -> {
                throw new IllegalArgumentException("labels");
            });
            for (String outcome : List.of("success", "exhausted", "invalid")) {
                assertThat(registry.get("fairlead_ipam_registration")
                                .tag("outcome", outcome)
                                .timer()
                                .count())
                        .as(outcome)
                        .isEqualTo(1);
            }
        }
    }

    private double capacity(String family) {
        return registry.get("fairlead_ipam_capacity")
                .tags("pool", "blue", "family", family)
                .gauge()
                .value();
    }
}
