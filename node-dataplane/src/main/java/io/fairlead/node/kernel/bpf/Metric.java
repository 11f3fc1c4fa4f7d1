package io.fairlead.node.kernel.bpf;

/**
 * A counter of the map "metrics", of all processors together.
 *
 * @param reason number of the reason, 0 for forwarded; {@link DropReason} has the texts
 * @param direction as the pod sees it
 * @param packets how many
 * @param bytes of their frames
 */
public record Metric(int reason, Direction direction, long packets, long bytes) {
    /** Ingress is what a pod receives. */
    public enum Direction {
        INGRESS,
        EGRESS
    }

    /** What people read for the reason. */
    public String text() {
        return DropReason.of(reason).map(DropReason::text).orElse("reason " + reason);
    }
}
