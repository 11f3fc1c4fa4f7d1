package io.fairlead.soak.client;

/**
 * Where a node's stream is.
 *
 * @param version of the table it has, 0 for none
 * @param epoch the version belongs to
 * @param synced true once it has had a complete table
 * @param snapshots complete ones it was sent, over all streams
 * @param responses it was sent, over all streams
 */
public record FeedState(long version, String epoch, boolean synced, long snapshots, long responses) {}
