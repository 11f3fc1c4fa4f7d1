package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicLong;

/** What is counted of a kind. Any thread. */
final class Meters {
    private final Counter published;
    private final Counter errors;
    private final AtomicLong records = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong lagMs = new AtomicLong();

    Meters(MeterRegistry registry, EventKind kind) {
        String name = kind.topicName();
        published = Counter.builder("fairlead.events.published")
                .description("events that all in-sync replicas have")
                .tag("kind", name)
                .register(registry);
        errors = Counter.builder("fairlead.events.errors")
                .description("failures of the broker, the outbox, and of reading entries")
                .tag("kind", name)
                .register(registry);
        gauge(registry, "outbox.records", name, "events on disk that are not told yet", records, 1);
        gauge(registry, "outbox.bytes", name, "size of the outbox on disk", bytes, 1);
        gauge(registry, "lag.seconds", name, "age of the oldest event that is not told yet", lagMs, 1000);
    }

    private static void gauge(
            MeterRegistry registry, String what, String kind, String text, AtomicLong value, double unit) {
        Gauge.builder("fairlead.events." + what, value, each -> each.get() / unit)
                .description(text)
                .tag("kind", kind)
                .register(registry);
    }

    void published() {
        published.increment();
    }

    void failed() {
        errors.increment();
    }

    void outbox(long pending, long size, long ageMs) {
        records.set(pending);
        bytes.set(size);
        lagMs.set(ageMs);
    }

    long records() {
        return records.get();
    }

    long lagMs() {
        return lagMs.get();
    }
}
