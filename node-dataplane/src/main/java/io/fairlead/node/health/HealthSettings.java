package io.fairlead.node.health;

import java.time.Duration;

/**
 * How health is checked.
 *
 * @param enabled whether this node answers and asks at all
 * @param endpointEnabled whether it has a health endpoint
 * @param port of the responders, on every node the same
 * @param interval between two probes of a node in a cluster of two, about; grows with the logarithm of the nodes
 * @param deadline of one probe
 */
public record HealthSettings(boolean enabled, boolean endpointEnabled, int port, Duration interval, Duration deadline) {
    /** As they are unless configured otherwise. */
    public static final HealthSettings DEFAULT =
            new HealthSettings(true, true, 4240, Duration.ofSeconds(60), Duration.ofSeconds(1));

    public HealthSettings {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("health port: " + port + " (expected: 1 to 65535)");
        }
        if (interval.toMillis() < 1000 || deadline.toMillis() < 1) {
            throw new IllegalArgumentException("health interval and deadline: " + interval + ", " + deadline
                    + " (expected: at least 1 s, and more than 0)");
        }
    }
}
