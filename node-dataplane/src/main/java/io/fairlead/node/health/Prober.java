package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import io.fairlead.node.health.Probes.Kind;
import io.fairlead.runtime.retry.Timers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes the cluster's nodes, each in its slot of {@link ProbeSchedule} and new ones before that. At most one node by its
 * slot and one new one every {@link ProbeSchedule#SHORTEST_SLOT}. Any thread may call; nothing blocks.
 */
public final class Prober implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Prober.class);

    /** Nodes probed at once when somebody asks for all. */
    static final int AT_ONCE = 128;

    private static final long SLOT_NANOS = ProbeSchedule.SHORTEST_SLOT.toNanos();
    private static final Duration LONGEST_NAP = Duration.ofSeconds(1);

    private final HealthSettings settings;
    private final ProbeSchedule schedule;
    private final Supplier<List<HealthNode>> source;
    private final Probes probes;
    private final Time time;

    private List<HealthNode> nodes = List.of(); // guarded by: this
    private Set<HealthNode> current = Set.of(); // guarded by: this; the same
    private Set<Ip> known = Set.of(); // guarded by: this; their addresses
    private int place; // guarded by: this; of this node in the list
    private long lastSlot = Long.MIN_VALUE; // guarded by: this
    private long nextUrgent; // guarded by: this; not before this time
    private long nextLook; // guarded by: this
    private final PriorityQueue<Urgent> urgent =
            new PriorityQueue<>(Comparator.comparingLong(Urgent::due)); // guarded by: this
    private final Map<Target, ProbeOutcome> outcomes = new HashMap<>(); // guarded by: this
    private @Nullable CompletableFuture<Void> all; // guarded by: this; of the round somebody asked for
    private Timers.@Nullable Pending pending; // guarded by: this
    private boolean closed; // guarded by: this

    /**
     * What time it is.
     *
     * @param timers calls later on
     * @param clock the wall clock, for slots and times of results
     * @param random delays of new nodes' probes
     */
    public record Time(Timers timers, Clock clock, RandomGenerator random) {}

    private record Target(Kind kind, Ip ip) {}

    private record Urgent(long due, HealthNode node) {}

    /** @param source the nodes, sorted in the same way on every node; called about once a second at most */
    public Prober(HealthSettings settings, Supplier<List<HealthNode>> source, Probes probes, Time time) {
        this.settings = settings;
        this.schedule = new ProbeSchedule(settings.interval());
        this.source = source;
        this.probes = probes;
        this.time = time;
    }

    /** Begins. */
    public synchronized void start() {
        nextLook = time.timers().nanoTime();
        nextUrgent = nextLook;
        tick();
    }

    @Override
    public synchronized void close() {
        closed = true;
        Optional.ofNullable(pending).ifPresent(Timers.Pending::cancel);
    }

    /** What is known now. */
    public synchronized ClusterState state() {
        List<NodeState> states = new ArrayList<>();
        for (HealthNode node : nodes) {
            NodeState state = new NodeState(node, paths(node.host()), paths(node.endpoint()));
            states.add(node.local() ? 0 : states.size(), state);
        }
        return new ClusterState(states);
    }

    /** Probes all nodes now, {@link #AT_ONCE} at a time; who asks while that is under way waits for the same round. */
    public CompletableFuture<Void> probeAll() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Deque<HealthNode> left;
        synchronized (this) {
            if (all != null && !all.isDone()) {
                return all;
            }
            all = done;
            look();
            left = new ArrayDeque<>(nodes);
        }
        int lanes = Math.min(AT_ONCE, left.size());
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (int i = 0; i < lanes; i++) {
            ends.add(lane(left));
        }
        var unused = CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
                .whenComplete((v, e) -> done.complete(null));
        return done;
    }

    private CompletableFuture<Void> lane(Deque<HealthNode> left) {
        HealthNode node;
        synchronized (left) {
            node = left.poll();
        }
        return node == null
                ? CompletableFuture.completedFuture(null)
                // on another thread, so that answers given at once do not nest
                : probe(node).thenComposeAsync(v -> lane(left));
    }

    private synchronized void tick() {
        if (closed) {
            return;
        }
        Duration nap = LONGEST_NAP;
        try {
            nap = step();
        } catch (RuntimeException e) {
            LOGGER.atWarn().addKeyValue("error", e.getMessage()).log("probing paused");
        }
        pending = time.timers().after(nap, this::tick);
    }

    /** Probes who is due. Returns how long nobody will be. */
    private synchronized Duration step() {
        long now = time.timers().nanoTime();
        if (now - nextLook >= 0) {
            look();
            long cost = time.timers().nanoTime() - now;
            // at most a hundredth of a processor for looking
            nextLook = now + Math.max(LONGEST_NAP.toNanos(), 100 * cost);
        }
        Duration nap = LONGEST_NAP;
        if (!nodes.isEmpty()) {
            long millis = time.clock().millis();
            bySlot(millis);
            nap = shorter(nap, Duration.ofMillis(schedule.untilNextSlot(nodes.size(), millis)));
        }
        return shorter(nap, Duration.ofNanos(urgently(now)));
    }

    private void bySlot(long millis) {
        long slot = schedule.slot(nodes.size(), millis);
        if (slot != lastSlot) {
            lastSlot = slot;
            var unused = probe(nodes.get(schedule.target(nodes.size(), place, slot)));
        }
    }

    /** Probes the next new node if its time has come. Returns the nanoseconds until there may be another. */
    private long urgently(long now) {
        Urgent next = urgent.peek();
        if (next != null && now - next.due() >= 0 && now - nextUrgent >= 0) {
            urgent.poll();
            if (current.contains(next.node())) {
                nextUrgent = now + SLOT_NANOS;
                var unused = probe(next.node());
            }
            next = urgent.peek();
        }
        return next == null ? LONGEST_NAP.toNanos() : Math.max(1_000_000, Math.max(next.due(), nextUrgent) - now);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** Takes in which nodes there are; those that are new, or have other addresses, are due soon. */
    private synchronized void look() {
        List<HealthNode> found = source.get();
        if (found.equals(nodes)) {
            return;
        }
        Set<HealthNode> before = current;
        long now = time.timers().nanoTime();
        long spread = schedule.spread(found.size()).toNanos();
        for (int i = 0; i < found.size(); i++) {
            HealthNode node = found.get(i);
            place = node.local() ? i : place;
            if (!before.contains(node)) {
                urgent.add(new Urgent(now + (node.local() ? 0 : time.random().nextLong(spread)), node));
            }
        }
        if (found.size() != nodes.size()) {
            // slots have another length now; the current one is begun already
            lastSlot = found.isEmpty()
                    ? Long.MIN_VALUE
                    : schedule.slot(found.size(), time.clock().millis());
        }
        replace(found);
    }

    private synchronized void replace(List<HealthNode> found) {
        nodes = List.copyOf(found);
        current = Set.copyOf(new HashSet<>(found));
        Set<Ip> addresses = new HashSet<>();
        nodes.forEach(node -> {
            addresses.addAll(node.host());
            addresses.addAll(node.endpoint());
        });
        known = addresses;
        outcomes.keySet().removeIf(target -> !known.contains(target.ip()));
        urgent.removeIf(entry -> !current.contains(entry.node()));
    }

    private CompletableFuture<Void> probe(HealthNode node) {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (List<Ip> ips : List.of(node.host(), node.endpoint())) {
            for (Ip ip : ips) {
                ends.add(probe(new Target(Kind.ICMP, ip)));
                ends.add(probe(new Target(Kind.HTTP, ip)));
            }
        }
        return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Void> probe(Target target) {
        CompletableFuture<Duration> answer;
        try {
            answer = probes.probe(target.kind(), target.ip(), settings.deadline());
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.handle((roundTrip, failure) -> {
            record(target, roundTrip, failure);
            return null;
        });
    }

    private synchronized void record(Target target, @Nullable Duration roundTrip, @Nullable Throwable failure) {
        if (!known.contains(target.ip())) {
            return;
        }
        if (roundTrip != null) {
            outcomes.put(target, new ProbeOutcome.Reached(time.clock().instant(), roundTrip));
        } else {
            outcomes.put(target, new ProbeOutcome.Failed(time.clock().instant(), reason(failure)));
        }
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        String message = cause == null ? null : cause.getMessage();
        return message == null ? String.valueOf(cause) : message;
    }

    private List<PathState> paths(List<Ip> ips) {
        return ips.stream()
                .map(ip -> new PathState(
                        ip,
                        Optional.ofNullable(outcomes.get(new Target(Kind.ICMP, ip))),
                        Optional.ofNullable(outcomes.get(new Target(Kind.HTTP, ip)))))
                .toList();
    }
}
