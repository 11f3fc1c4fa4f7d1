package io.fairlead.node.endpoint;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the control plane must still hear, kept on disk until it has: nobody who releases waits for it. One thread
 * delivers, with capped exponential back-off and jitter; order does not matter, and a release may be delivered twice.
 */
final class ReleaseQueue implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(ReleaseQueue.class);
    private static final long STOP_MILLIS = 2000;
    private static final byte[] EMPTY_OBJECT = {'{', '}', '\n'};

    private final StateFiles files;
    private final Consumer<Release> deliver;
    private final Backoff backoff;
    private final RandomGenerator random;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Release> waiting = new LinkedHashSet<>(); // owned by: lock
    private boolean stopped; // owned by: lock
    private final Thread worker = new Thread(this::run, "fl-releases");

    /**
     * @param first wait after a failure
     * @param most cap of the waits
     */
    record Backoff(Duration first, Duration most) {
        static final Backoff DEFAULT = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(30));

        /** Between half and all of the wait after so many failures in a row. */
        Duration after(int failures, RandomGenerator random) {
            long cap = Math.min(most.toMillis(), first.toMillis() << Math.min(failures - 1, 20));
            return Duration.ofMillis(random.nextLong(cap / 2, cap + 1));
        }
    }

    /** @param deliver throws when the release must be tried again */
    ReleaseQueue(Path stateDirectory, Consumer<Release> deliver, Backoff backoff, RandomGenerator random) {
        files = new StateFiles(stateDirectory.resolve("releases"));
        this.deliver = deliver;
        this.backoff = backoff;
        this.random = random;
        worker.setDaemon(true);
    }

    /** Reads what an earlier run left and begins to deliver. */
    void start() {
        for (String name : files.names()) {
            try {
                Release release = Release.parse(name);
                locked(() -> waiting.add(release));
            } catch (IllegalArgumentException e) {
                files.quarantine(name, e);
            }
        }
        worker.start();
    }

    /** Keeps a release; it is on disk when this returns. */
    void add(Release release) {
        // The lock also covers the file, so that a delivery just done cannot remove what is added now.
        locked(() -> {
            files.write(release.name(), EMPTY_OBJECT);
            waiting.remove(release);
            waiting.add(release);
            changed.signalAll();
        });
    }

    List<Release> waiting() {
        lock.lock();
        try {
            return List.copyOf(waiting);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        locked(() -> {
            stopped = true;
            changed.signalAll();
        });
        worker.interrupt();
        try {
            worker.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        int failures = 0;
        try {
            while (awaitWork()) {
                failures = deliverAll() ? 0 : failures + 1;
                if (failures > 0) {
                    pause(backoff.after(failures, random));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean awaitWork() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty() && !stopped) {
                changed.await();
            }
            return !stopped;
        } finally {
            lock.unlock();
        }
    }

    /** A full wait whatever is added meanwhile: new releases are no sign that the control plane is back. */
    private void pause(Duration wait) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = wait.toNanos();
            while (left > 0 && !stopped) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** False as soon as one fails: the next ones would most likely fail too. */
    private boolean deliverAll() throws InterruptedException {
        for (Release release : waiting()) {
            locked(() -> waiting.remove(release));
            try {
                deliver.accept(release);
                // Added again during the delivery: it waits with a file of its own.
                locked(() -> {
                    if (!waiting.contains(release)) {
                        files.remove(release.name());
                    }
                });
            } catch (RuntimeException e) {
                if (e instanceof EndpointException refused && refused.reason() == EndpointException.Reason.REFUSED) {
                    LOGGER.atError()
                            .addKeyValue("release", release.name())
                            .addKeyValue("reason", e.getMessage())
                            .log("control plane refuses a release; given up");
                    locked(() -> {
                        if (!waiting.contains(release)) {
                            files.remove(release.name());
                        }
                    });
                    continue;
                }
                locked(() -> waiting.add(release));
                LOGGER.atWarn()
                        .addKeyValue("release", release.name())
                        .addKeyValue("reason", e.getMessage())
                        .log("control plane did not take a release; trying again");
                return false;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException("stopping");
            }
        }
        return true;
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }
}
