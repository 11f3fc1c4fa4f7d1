package io.fairlead.runtime.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is counted of streams.
 *
 * @param snapshots begun
 * @param responses sent
 * @param superseded streams ended because their node opened another
 * @param unread streams ended because their node did not read
 * @param unacknowledged streams ended because their node did not acknowledge
 * @param connected streams that are open
 */
record StreamMetrics(
        Counter snapshots,
        Counter responses,
        Counter superseded,
        Counter unread,
        Counter unacknowledged,
        AtomicInteger connected) {
    static StreamMetrics of(MeterRegistry metrics) {
        AtomicInteger connected = new AtomicInteger();
        Gauge.builder("fairlead.stream.nodes", connected, AtomicInteger::get)
                .description("nodes whose stream this replica serves")
                .register(metrics);
        return new StreamMetrics(
                counter(metrics, "fairlead.stream.snapshots", "whole tables sent to nodes"),
                counter(metrics, "fairlead.stream.responses", "messages with entries sent to nodes"),
                counter(metrics, "fairlead.stream.superseded", "changes replaced by newer ones before they were sent"),
                cutoffs(metrics, "unread"),
                cutoffs(metrics, "unacknowledged"),
                connected);
    }

    private static Counter cutoffs(MeterRegistry metrics, String reason) {
        return counter(
                metrics, "fairlead.stream.cutoffs", "streams ended because their node fell behind", "reason", reason);
    }

    private static Counter counter(MeterRegistry metrics, String name, String description, String... tags) {
        return Counter.builder(name).description(description).tags(tags).register(metrics);
    }
}
