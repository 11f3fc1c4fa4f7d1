package io.fairlead.node.conntrack;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What garbage collection has done since the agent started.
 *
 * @param passes that went well
 * @param interval until the next one
 * @param took duration of the last one
 * @param tables by table, in the order they are shown
 */
public record GcCounts(long passes, Duration interval, Duration took, Map<String, Table> tables) {
    /**
     * Of one table.
     *
     * @param entries left by the last pass
     * @param capacity most entries it holds
     * @param scanned entries seen by all passes
     * @param deleted entries removed by all passes
     */
    public record Table(int entries, int capacity, long scanned, long deleted) {}

    public GcCounts {
        tables = Collections.unmodifiableMap(new LinkedHashMap<>(tables));
    }
}
