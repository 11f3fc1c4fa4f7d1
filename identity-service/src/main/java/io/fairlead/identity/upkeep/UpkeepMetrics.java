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
        succeeded = registry.counter("fairlead.identity.gc.runs", "outcome", "success");
        failed = registry.counter("fairlead.identity.gc.runs", "outcome", "fail");
        deleted = registry.counter("fairlead.identity.gc.entries", "status", "deleted");
        restored = registry.counter("fairlead.identity.gc.entries", "status", "restored");
        removed = registry.counter("fairlead.identity.gc.entries", "status", "released");
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
