package io.fairlead.soak.store;

import java.util.Optional;

/**
 * One change of one key.
 *
 * @param revision of the store
 * @param key its key
 * @param value empty when it was deleted
 * @param seen when the checker heard of it, in nanoseconds of the run
 */
public record Change(long revision, String key, Optional<String> value, long seen) {}
