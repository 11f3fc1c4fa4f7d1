package io.fairlead.soak.workload;

/** Lets workers through while it is open. */
public final class Gate {
    private boolean open = true; // guarded by: this
    private boolean ended; // guarded by: this

    public synchronized void open() {
        open = true;
        notifyAll();
    }

    public synchronized void close() {
        open = false;
    }

    /** Nobody goes through again. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Waits until it is open; false when the work is over. */
    synchronized boolean pass() throws InterruptedException {
        while (!open && !ended) {
            wait();
        }
        return !ended;
    }
}
