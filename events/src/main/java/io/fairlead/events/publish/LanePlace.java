package io.fairlead.events.publish;

import io.fairlead.contract.events.EventKind;
import io.fairlead.events.kafka.Broker;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What the lanes of a process share.
 *
 * @param cluster whose events these are
 * @param outboxes a directory for each kind lies in it
 * @param maxBytes of each outbox
 * @param leaseTime after which another replica takes over from one that died
 */
public record LanePlace(
        Owner owner,
        Broker broker,
        MeterRegistry metrics,
        String cluster,
        Path outboxes,
        long maxBytes,
        Duration leaseTime) {
    Path directory(EventKind kind) {
        return outboxes.resolve(kind.topicName());
    }
}
