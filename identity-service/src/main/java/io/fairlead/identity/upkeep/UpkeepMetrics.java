package io.fairlead.identity.upkeep;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts what upkeep does. Any thread may call. */
final class UpkeepMetrics {
    private final Counter succeeded;
    private final Counter failed;
    private final Counter deleted;
    private final Counter restored;
    private final Counter removed;

    UpkeepMetrics(MeterRegistry registry) {
        succeeded = runs(registry, "success");
        failed = runs(registry, "fail");
        deleted = entries(registry, "deleted");
        restored = entries(registry, "restored");
        removed = entries(registry, "released");
    }

    private static Counter runs(MeterRegistry registry, String outcome) {
        return Counter.builder("fairlead.identity.gc.runs")
                .description("searches for identities that nobody uses, by how they ended")
                .tag("outcome", outcome)
                .register(registry);
    }

    private static Counter entries(MeterRegistry registry, String status) {
        return Counter.builder("fairlead.identity.gc.entries")
                .description(
                        "what was done to identities' keys: deleted, restored, released with their node or for nobody used them")
                .tag("status", status)
                .register(registry);
    }

    void ran(boolean well) {
        (well ? succeeded : failed).increment();
    }

    void collected(int numbers) {
        deleted.increment(numbers);
    }

    void restored(int keys) {
        restored.increment(keys);
    }

    void removed(int entries) {
        removed.increment(entries);
    }
}
