package io.fairlead.soak.workload;

import io.fairlead.soak.client.SimulatedNode;
import io.fairlead.soak.history.History;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** All nodes at work, and one who writes policies: a thread each. */
public final class Workload implements AutoCloseable {
    private static final int SHORTEST_PAUSE_MS = 30;
    private static final int LONGEST_PAUSE_MS = 120;

    private final Gate gate = new Gate();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> broken = new AtomicReference<>();

    /**
     * Starts to work. What each asks for comes from the seed, when it asks from the machine.
     *
     * @param admin writes policies, and is no node of the cluster
     */
    public Workload(List<SimulatedNode> nodes, SimulatedNode admin, History history, long seed) {
        LabelSets labelSets = new LabelSets();
        for (int i = 0; i < nodes.size(); i++) {
            SimulatedNode node = nodes.get(i);
            Random random = new Random(seed * 1_000_003 + i);
            start(new Worker(node, new Recorder(history, node.name()), labelSets, random), random, node.name());
        }
        Random random = new Random(seed * 1_000_003 - 1);
        start(new PolicyWorker(admin, new Recorder(history, "admin"), random), random, "admin");
    }

    /** Where it is stopped and set going again. */
    public Gate gate() {
        return gate;
    }

    /** What ended a worker that should never end; a defect of the bench. */
    public @Nullable Throwable broken() {
        return broken.get();
    }

    @Override
    public void close() {
        gate.end();
        for (Thread thread : threads) {
            try {
                thread.join(10_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void start(Work work, Random random, String name) {
        Random pauses = new Random(random.nextLong());
        Thread thread = new Thread(() -> run(work, pauses), name);
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler((t, cause) -> broken.compareAndSet(null, cause));
        threads.add(thread);
        thread.start();
    }

    private void run(Work work, Random pauses) {
        try {
            while (gate.pass()) {
                work.step();
                LockSupport.parkNanos(pauses.nextInt(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS) * 1_000_000L);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
