package io.fairlead.runtime.stream;

import io.fairlead.contract.NodeName;
import io.fairlead.runtime.retry.Timers;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node's open stream, and what it has acknowledged on this and former ones. */
final class NodeState {
    private static final int REMEMBERED = 16;
    private static final int[] NONE = {};

    final NodeName node;
    // all owned by: the context of the streams
    @Nullable
    TableStream<?, ?> stream;

    Timers.@Nullable Pending forget;
    String epoch = "";
    long version;
    /** What {@link Convergence} calls {@link #version}; -1 before the first stream. */
    long position = -1;

    Map<String, String> failed = Map.of();
    /** Cut off for not acknowledging, and has not acknowledged since: doing it again would not help. */
    boolean silent;

    private int[] recentMicros = NONE;
    private int samples;

    NodeState(NodeName node) {
        this.node = node;
    }

    void reached(String newEpoch, long newVersion) {
        epoch = newEpoch;
        version = newVersion;
    }

    /** Takes note of how long an acknowledgement took. */
    void took(long nanos) {
        if (recentMicros.length == 0) {
            recentMicros = new int[REMEMBERED];
        }
        recentMicros[samples++ & (REMEMBERED - 1)] = (int) Math.min(Integer.MAX_VALUE, nanos / 1_000);
        if (samples == 2 * REMEMBERED) {
            samples = REMEMBERED;
        }
    }

    long medianNanos() {
        int count = Math.min(samples, REMEMBERED);
        if (count == 0) {
            return 0;
        }
        int[] sorted = Arrays.copyOf(recentMicros, count);
        Arrays.sort(sorted);
        return 1_000L * sorted[(count - 1) / 2];
    }

    /** Whether everything of a table is acknowledged. */
    boolean has(VersionedTable<?, ?> table) {
        return epoch.equals(table.epoch()) && version >= table.changedAt();
    }

    /**
     * A version of another epoch than the table's says nothing of it; who has everything has the present version,
     * although nothing needed to be sent.
     */
    NodeProgress progress(@Nullable VersionedTable<?, ?> table) {
        long known = 0;
        if (table != null && epoch.equals(table.epoch())) {
            known = has(table) ? Math.max(version, table.version()) : version;
        }
        return new NodeProgress(node, stream != null, known, failed);
    }

    void cancelForgetting() {
        if (forget != null) {
            forget.cancel();
            forget = null;
        }
    }
}
