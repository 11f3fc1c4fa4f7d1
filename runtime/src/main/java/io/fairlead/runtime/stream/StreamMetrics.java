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
        Gauge.builder("fairlead.stream.nodes", connected, AtomicInteger::get).register(metrics);
        return new StreamMetrics(
                metrics.counter("fairlead.stream.snapshots"),
                metrics.counter("fairlead.stream.responses"),
                metrics.counter("fairlead.stream.superseded"),
                metrics.counter("fairlead.stream.cutoffs", "reason", "unread"),
                metrics.counter("fairlead.stream.cutoffs", "reason", "unacknowledged"),
                connected);
    }
}
