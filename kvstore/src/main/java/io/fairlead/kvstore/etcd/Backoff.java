package io.fairlead.kvstore.etcd;

import java.util.concurrent.ThreadLocalRandom;

/** Capped exponential waiting times with jitter. Owned by the thread of what retries. */
final class Backoff {
    private final long firstMillis;
    private final long mostMillis;
    private int attempts;

    Backoff(long firstMillis, long mostMillis) {
        this.firstMillis = firstMillis;
        this.mostMillis = mostMillis;
    }

    /** How long to wait before the next attempt: between half of the full step and all of it. */
    long nextMillis() {
        long step = Math.min(mostMillis, firstMillis << Math.min(attempts, 20));
        attempts++;
        return step / 2 + ThreadLocalRandom.current().nextLong(step / 2 + 1);
    }

    void reset() {
        attempts = 0;
    }
}
