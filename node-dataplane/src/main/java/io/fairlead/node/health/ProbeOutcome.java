package io.fairlead.node.health;

import java.time.Duration;
import java.time.Instant;

/** How a probe ended. */
public sealed interface ProbeOutcome {
    /** When it ended. */
    Instant at();

    /**
     * It was answered.
     *
     * @param roundTrip how long that took
     */
    record Reached(Instant at, Duration roundTrip) implements ProbeOutcome {}

    /**
     * It was not.
     *
     * @param reason why
     */
    record Failed(Instant at, String reason) implements ProbeOutcome {}
}
