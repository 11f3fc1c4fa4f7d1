package io.fairlead.soak.workload;

/** Somebody who asks one thing after the other. */
interface Work {
    /** Asks the next thing, and waits for its end. */
    void step();
}
