package io.fairlead.node.monitor;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.bpf.SettingsMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everyone who listens to events. While there is somebody the datapath writes what is wanted and a thread of the hub
 * takes it every few milliseconds; else nothing is written and nothing runs.
 */
public final class MonitorHub implements AgentEvents, AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(MonitorHub.class);
    private static final long INTERVAL_MS = 5;
    /** Records of one look: a full ring of the shortest. */
    private static final int MOST = 32768;

    private static final long CLOSE_SECONDS = 2;

    private final EventSource source;
    private final EventSwitch events;
    private final Limits limits;
    private final ScheduledExecutorService thread;
    // written by: the hub's thread; read by all
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
    // owned by: the hub's thread
    private Set<SettingsMap.Event> wanted = Set.of();
    // owned by: the hub's thread
    private boolean looking;
    // owned by: the hub's thread
    private boolean closed;
    // owned by: the hub's thread
    private final long[] lost;

    /**
     * How much a hub takes on.
     *
     * @param listeners at once
     * @param events that wait for one listener
     */
    public record Limits(int listeners, int events) {
        /** About 3 MB a listener at most. */
        public static final Limits DEFAULT = new Limits(32, 8192);
    }

    private MonitorHub(EventSource source, EventSwitch events, Limits limits) {
        this.source = source;
        this.events = events;
        this.limits = limits;
        lost = new long[source.processors()];
        thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "events");
            made.setDaemon(true);
            return made;
        });
    }

    /**
     * A hub nobody listens to yet. Events that an earlier life left switched on are switched off.
     *
     * @param source is the hub's from now on
     * @throws KernelException when that cannot be said to the datapath
     */
    public static MonitorHub start(EventSource source, EventSwitch events, Limits limits) {
        events.listen(Set.of());
        return new MonitorHub(source, events, limits);
    }

    /** Processors there may be. */
    public int processors() {
        return source.processors();
    }

    /** Bytes of the memory shared with the kernel. */
    public int sharedBytes() {
        return source.size();
    }

    /** Those who listen now. */
    public int listeners() {
        return subscriptions.size();
    }

    /**
     * Begins to listen; the listener is told when it has begun, or why it cannot: there are too many, the hub is closed,
     * the datapath cannot be told.
     */
    public Subscription subscribe(EventFilter filter, Subscription.Listener listener) {
        Subscription subscription =
                new Subscription(filter, listener, limits.events(), source.processors(), this::unsubscribe);
        execute(() -> add(subscription));
        return subscription;
    }

    private void unsubscribe(Subscription subscription) {
        execute(() -> remove(subscription));
    }

    private void execute(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            LOGGER.atDebug().log("listener comes or goes while the agent stops");
        }
    }

    private void add(Subscription subscription) {
        try {
            if (closed) {
                throw stopping();
            }
            if (subscriptions.size() >= limits.listeners()) {
                throw new KernelException(
                        "listen to events",
                        0,
                        subscriptions.size() + " listen already (expected: " + limits.listeners() + " at most)",
                        FailureKind.RETRY);
            }
            if (wanted.isEmpty()) {
                forget();
            }
            subscriptions.add(subscription);
            listen();
        } catch (RuntimeException e) {
            subscriptions.remove(subscription);
            subscription.listener().failed(e);
            return;
        }
        subscription.listener().started(subscription);
        if (!looking && !wanted.isEmpty()) {
            looking = true;
            look();
        }
    }

    private void remove(Subscription subscription) {
        if (subscriptions.remove(subscription)) {
            try {
                listen();
            } catch (KernelException e) {
                // tried again with the next look, see there
                LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("events nobody wants cannot be switched off");
            }
        }
    }

    /** What is in the ring is of a time when others listened. */
    private void forget() {
        List<Event> stale = new ArrayList<>();
        while (source.take(MOST, stale) == MOST) {
            stale.clear();
        }
        source.lost(lost);
    }

    private void listen() {
        Set<SettingsMap.Event> now = EnumSet.noneOf(SettingsMap.Event.class);
        subscriptions.forEach(subscription -> now.addAll(subscription.filter().datapath()));
        if (!now.equals(wanted)) {
            events.listen(now);
            wanted = now;
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        boolean more = false;
        try {
            listen();
            more = drain();
        } catch (RuntimeException e) {
            LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("events cannot be read");
        }
        if (wanted.isEmpty()) {
            looking = false;
            return;
        }
        try {
            var unused = thread.schedule(this::look, more ? 0 : INTERVAL_MS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOGGER.atDebug().log("the hub is closed");
        }
    }

    /**
     * Hands on what is there; returns whether there is more and somebody has room. What nobody has room for stays: the
     * datapath gives up on a full ring sooner than it writes, and nothing is decoded only to be thrown away.
     */
    private boolean drain() {
        int most = room();
        List<Event> taken = new ArrayList<>();
        int count = most == 0 ? 0 : source.take(most, taken);
        long[] now = new long[lost.length];
        source.lost(now);
        for (int cpu = 0; cpu < lost.length; cpu++) {
            if (now[cpu] != lost[cpu]) {
                taken.add(new Event.Lost(cpu, now[cpu] - lost[cpu]));
                lost[cpu] = now[cpu];
            }
        }
        if (!taken.isEmpty()) {
            offer(taken);
        }
        return count > 0 && count == most && room() > 0;
    }

    /** Records that the listener with the most room can take. */
    private int room() {
        int most = 0;
        for (Subscription subscription : subscriptions) {
            most = Math.max(most, subscription.room());
        }
        return Math.min(MOST, (most + EventSource.EVENTS_A_RECORD - 1) / EventSource.EVENTS_A_RECORD);
    }

    private void offer(List<? extends Event> told) {
        for (Subscription subscription : subscriptions) {
            if (subscription.offer(told)) {
                subscription.listener().ready();
            }
        }
    }

    @Override
    public boolean heard() {
        return !subscriptions.isEmpty();
    }

    @Override
    public void tell(String type, String json) {
        if (!subscriptions.isEmpty()) {
            Instant now = Instant.now();
            long time = now.getEpochSecond() * 1_000_000_000L + now.getNano();
            offer(List.of(new Event.Agent(type, json, time)));
        }
    }

    private static KernelException stopping() {
        return new KernelException("listen to events", 0, "the agent stops", FailureKind.RETRY);
    }

    /** Ends all listening and switches everything off. */
    @Override
    public void close() {
        execute(() -> {
            closed = true;
            subscriptions.forEach(subscription -> subscription.listener().failed(stopping()));
            subscriptions.clear();
            try {
                listen();
            } catch (KernelException e) {
                LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("events cannot be switched off");
            }
            source.close();
        });
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOGGER.atWarn().log("the hub of events does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
