package io.fairlead.node.kernel;

/**
 * A place where a program is attached: one direction of one device.
 *
 * @param device name of the device
 * @param direction as the device sees it
 */
public record Hook(String device, Direction direction) {
    /** Ingress is what the device receives, egress what it sends. */
    public enum Direction {
        INGRESS,
        EGRESS
    }
}
