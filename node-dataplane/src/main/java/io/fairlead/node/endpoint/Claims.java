package io.fairlead.node.endpoint;

import io.fairlead.node.endpoint.EndpointException.Reason;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** One operation an attachment at a time; different attachments do not wait for each other. */
final class Claims {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private final Set<Attachment> held = new HashSet<>(); // owned by: lock
    private final Duration patience;

    /** @param patience how long an operation waits for another one on the same attachment */
    Claims(Duration patience) {
        this.patience = patience;
    }

    /**
     * Runs an operation while nobody else has the attachment.
     *
     * @throws EndpointException when it is not free in time, or the thread is interrupted
     */
    <T> T holding(Attachment attachment, Supplier<T> operation) {
        take(attachment);
        try {
            return operation.get();
        } finally {
            giveBack(attachment);
        }
    }

    private void take(Attachment attachment) {
        lock.lock();
        try {
            long left = patience.toNanos();
            while (held.contains(attachment)) {
                if (left <= 0) {
                    throw new EndpointException(
                            Reason.BUSY, "another operation on " + attachment + " is still running");
                }
                left = released.awaitNanos(left);
            }
            held.add(attachment);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EndpointException(Reason.BUSY, "agent is stopping", e);
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(Attachment attachment) {
        lock.lock();
        try {
            held.remove(attachment);
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
