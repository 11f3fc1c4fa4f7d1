package io.fairlead.runtime.stream;

/**
 * How far a node is behind.
 *
 * @param progress what it has acknowledged
 * @param current true when it lacks nothing
 * @param behindNanos since when it lacks something; 0 when it does not, or has no stream
 * @param waiting what it is waited for: "has not read", "has not acknowledged version 812"; empty when current
 * @param medianNanos between a change and its acknowledgement, of the newest; 0 for unknown
 */
public record NodeLag(NodeProgress progress, boolean current, long behindNanos, String waiting, long medianNanos) {}
