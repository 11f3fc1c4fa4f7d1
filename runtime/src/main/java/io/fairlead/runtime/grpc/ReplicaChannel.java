package io.fairlead.runtime.grpc;

import io.fairlead.runtime.config.HostPort;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel to one of several replicas of a service.
 *
 * <p>While a call is open its replica is asked over and over whether it serves. One that says nothing is given up as soon
 * as another has answered, never before: streams on it end, questions go on elsewhere. Who left its own replica goes back
 * to it minutes later. Any thread.
 */
public final class ReplicaChannel extends ManagedChannel {
    private static final Logger LOGGER = LoggerFactory.getLogger(ReplicaChannel.class);
    private static final Duration RETURN = Duration.ofSeconds(1);
    private static final int SPREAD = 8;

    private final List<Replica> replicas; // its own first, then those it would go to
    private final Patience patience;
    private final ScheduledExecutorService timer;
    private final Doubts doubts;
    // guarded by: this, as is all below
    private final Set<ReplicaCall> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private Replica current;
    private boolean beating;
    private boolean goingHome;

    /**
     * How long is long.
     *
     * @param beat after the last word of a replica until it is asked, unless it asks for a longer pause
     * @param late after which others are asked too
     * @param silent after which it is given up
     * @param homeAfter shortest time until it is gone back to; five times that is the longest
     * @param deadline for calls with one answer that bring none of their own
     */
    record Patience(Duration beat, Duration late, Duration silent, Duration homeAfter, Duration deadline) {
        static Patience of(Duration deadline) {
            return new Patience(
                    Beats.LEAST, Duration.ofMillis(200), Duration.ofMillis(400), Duration.ofMinutes(1), deadline);
        }
    }

    /**
     * The replica that new calls go to.
     *
     * @param number its place in the configuration, from 1
     * @param of how many there are
     */
    public record InUse(HostPort address, int number, int of) {
        @Override
        public String toString() {
            return address + " (" + number + " of " + of + ")";
        }
    }

    /**
     * Connects when first used.
     *
     * @param addresses at least one
     * @param spreadBy who asks: each has an order of its own, so that all together use every replica alike
     * @param connect makes the channel to one
     */
    ReplicaChannel(
            List<HostPort> addresses, String spreadBy, Patience patience, Function<HostPort, ManagedChannel> connect) {
        List<Replica> ordered = new ArrayList<>();
        for (HostPort address : Spread.order(addresses, spreadBy)) {
            ordered.add(new Replica(address, addresses.indexOf(address) + 1, connect.apply(address)));
        }
        this.replicas = List.copyOf(ordered);
        this.current = replicas.get(0);
        this.patience = patience;
        ScheduledThreadPoolExecutor single = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "replicas");
            thread.setDaemon(true);
            return thread;
        });
        single.setRemoveOnCancelPolicy(true);
        timer = single;
        doubts = new Doubts(replicas, patience, this::later, this::giveUp);
    }

    /** Which replica new calls go to. */
    public synchronized InUse inUse() {
        return new InUse(current.address(), current.number(), replicas.size());
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
        Replica replica = current();
        if (method.getType() != MethodDescriptor.MethodType.UNARY) {
            return new StreamCall<>(this, replica, method, options);
        }
        CallOptions bounded = options.getDeadline() != null
                ? options
                : options.withDeadlineAfter(patience.deadline().toNanos(), TimeUnit.NANOSECONDS);
        return new UnaryCall<>(this, replica, method, bounded);
    }

    private synchronized Replica current() {
        return current;
    }

    void opened(ReplicaCall call) {
        boolean first;
        synchronized (this) {
            open.add(call);
            first = !beating && replicas.size() > 1;
            beating |= first;
        }
        if (first) {
            later(this::beat, patience.beat());
        } else if (!(call instanceof StreamCall) && call.on().pause().compareTo(patience.beat()) > 0) {
            // somebody waits for the answer, however long the pause is
            later(() -> askUnlessEnded(call), patience.beat());
        }
    }

    private void askUnlessEnded(ReplicaCall call) {
        if (isOpen(call)) {
            doubts.askUnlessHeard(call.on(), patience.beat());
        }
    }

    private synchronized boolean isOpen(ReplicaCall call) {
        return open.contains(call);
    }

    synchronized void closed(ReplicaCall call) {
        open.remove(call);
    }

    /** Where else a question can go: first where new calls go. Null when it was everywhere. */
    synchronized @Nullable Replica untried(Set<Replica> tried) {
        if (!tried.contains(current)) {
            return current;
        }
        return replicas.stream()
                .filter(replica -> !tried.contains(replica))
                .findFirst()
                .orElse(null);
    }

    /** Goes on once the replica is connected; one that was away gets a moment to show that it is back. */
    void reached(Replica replica, Runnable action) {
        replica.reconnected(action).ifPresent(otherwise -> later(otherwise, RETURN));
    }

    /** A stream's end said that the replica is not available: the next call goes to the one after it. */
    void avoid(Replica replica, String reason) {
        Replica next = replicas.get((replicas.indexOf(replica) + 1) % replicas.size());
        move(replica, next, reason);
    }

    /** Something was wrong with an answer: finds out whether it is the replica. */
    void ask(Replica replica) {
        doubts.ask(replica);
    }

    private void beat() {
        Set<Replica> used = new LinkedHashSet<>();
        synchronized (this) {
            if (open.isEmpty()) {
                beating = false;
                return;
            }
            open.forEach(call -> used.add(call.on()));
        }
        long now = System.nanoTime();
        long next = Long.MAX_VALUE;
        for (Replica replica : used) {
            long pause = Math.max(patience.beat().toNanos(), replica.pause().toNanos());
            long left = replica.heard() + pause - now;
            // nobody asks at the instant others do, nor wakes just before it is time
            if (left <= pause / SPREAD) {
                doubts.askNow(replica, now);
                left = pause;
            }
            next = Math.min(next, left - ThreadLocalRandom.current().nextLong(pause / SPREAD));
        }
        later(this::beat, Duration.ofNanos(next));
    }

    /** Of two that were there one is silent, and the other has answered. */
    private void giveUp(Replica silent, Replica ready) {
        String reason = "replica " + silent.address() + " does not answer";
        move(silent, ready, reason);
        leave(silent, reason);
    }

    /** New calls go elsewhere. */
    private void move(Replica from, Replica to, String reason) {
        boolean home;
        synchronized (this) {
            if (current != from || from == to) {
                return;
            }
            current = to;
            home = goingHome || to == replicas.get(0);
            goingHome |= !home;
        }
        LOGGER.atInfo()
                .addKeyValue("from", from.address())
                .addKeyValue("to", to.address())
                .addKeyValue("reason", reason)
                .log("goes to another replica");
        to.channel().resetConnectBackoff();
        later(() -> disconnectUnlessUsed(from), patience.deadline());
        if (!home) {
            goHomeLater();
        }
    }

    private void leave(Replica replica, String reason) {
        Collection<ReplicaCall> leaving;
        synchronized (this) {
            leaving = open.stream().filter(call -> call.on() == replica).toList();
        }
        leaving.forEach(call -> call.leave(reason));
    }

    private void disconnectUnlessUsed(Replica replica) {
        synchronized (this) {
            if (current == replica || open.stream().anyMatch(call -> call.on() == replica)) {
                return;
            }
        }
        replica.channel().enterIdle();
    }

    private void goHomeLater() {
        long least = patience.homeAfter().toMillis();
        later(this::goHome, Duration.ofMillis(ThreadLocalRandom.current().nextLong(least, 5 * least + 1)));
    }

    private void goHome() {
        Replica own = replicas.get(0);
        own.channel().resetConnectBackoff();
        own.check(Doubts.PROBE, alive -> {
            Replica from = current();
            if (from != own && !alive) {
                goHomeLater();
                return;
            }
            synchronized (this) {
                goingHome = false;
            }
            if (from != own) {
                String reason = "goes back to its own replica " + own.address();
                move(from, own, reason);
                leaveStreams(from, reason);
            }
        });
    }

    private void leaveStreams(Replica replica, String reason) {
        Collection<ReplicaCall> streams;
        synchronized (this) {
            streams = open.stream()
                    .filter(call -> call.on() == replica && call instanceof StreamCall)
                    .toList();
        }
        streams.forEach(stream -> stream.leave(reason));
    }

    private void later(Runnable task, Duration delay) {
        try {
            var unused = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOGGER.atDebug().log("channel is closed");
        }
    }

    @Override
    public String authority() {
        return current().channel().authority();
    }

    @Override
    public ManagedChannel shutdown() {
        timer.shutdownNow();
        replicas.forEach(replica -> replica.channel().shutdown());
        return this;
    }

    @Override
    public ManagedChannel shutdownNow() {
        timer.shutdownNow();
        replicas.forEach(replica -> replica.channel().shutdownNow());
        return this;
    }

    @Override
    public boolean isShutdown() {
        return replicas.stream().allMatch(replica -> replica.channel().isShutdown());
    }

    @Override
    public boolean isTerminated() {
        return replicas.stream().allMatch(replica -> replica.channel().isTerminated());
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        long end = System.nanoTime() + unit.toNanos(timeout);
        for (Replica replica : replicas) {
            if (!replica.channel().awaitTermination(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
        return true;
    }
}
