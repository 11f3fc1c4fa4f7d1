package io.fairlead.node.kernel;

/**
 * What one pass over a table did.
 *
 * @param scanned entries seen
 * @param deleted those that are gone now
 */
public record Sweep(int scanned, int deleted) {
    /** The part of the entries that is gone, 0 to 1. */
    public double share() {
        return scanned == 0 ? 0 : (double) deleted / scanned;
    }
}
