package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.NodeName;
import io.fairlead.runtime.retry.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Knows when every node has a revision. All who wait share one look at the nodes, taken soon after something changed and
 * never for more than a tenth of the time. Any thread may ask.
 */
public final class Convergence {
    /** Nodes that an answer names at most. */
    static final int MOST_NAMED = 500;

    private static final Duration SOON = Duration.ofMillis(5);
    private static final int REST = 10;

    private final Occupancy occupancy;
    private final Progress progress;
    private final Timers timers;
    // guarded by: this
    private final Set<Waiter> waiters = new LinkedHashSet<>();
    private final List<BiConsumer<Occupancy.View, Acks>> needs = new CopyOnWriteArrayList<>();
    // guarded by: this
    private boolean scheduled;
    // How long the last look took, in ns. guarded by: this
    private long cost;

    /** Starts to listen. */
    public Convergence(Occupancy occupancy, Progress progress, Timers timers) {
        this.occupancy = occupancy;
        this.progress = progress;
        this.timers = timers;
        occupancy.onChange(this::changed);
        progress.onChange(this::changed);
    }

    /**
     * How a wait ended.
     *
     * @param reachable every other node has the routes
     * @param late who has not, at most {@value #MOST_NAMED} of them
     */
    public record Reach(boolean reachable, List<Late> late) {}

    /**
     * A node that is late.
     *
     * @param node its name
     * @param reason not connected, behind, or what its kernel said
     */
    public record Late(NodeName node, String reason) {}

    /** Waits until every other node has what a node registered with, or for so long. Never fails. */
    public Future<Reach> await(ClusterName cluster, NodeName node, Registered registered, Duration patience) {
        Set<String> routes = registered.podCidrs().stream().map(Cidr::toString).collect(Collectors.toSet());
        Waiter waiter = new Waiter(registered.revision(), new Owner(cluster, node).toString(), routes);
        synchronized (this) {
            waiters.add(waiter);
        }
        Timers.Pending deadline = timers.after(patience, () -> giveUp(waiter));
        // only then are all nodes known that came before it
        occupancy.reached(registered.revision()).onSuccess(seen -> {
            waiter.seen = true;
            changed();
        });
        return waiter.done.future().onComplete(ended -> deadline.cancel());
    }

    /** How it is now; looks at every node. */
    Acks now(Occupancy.View view) {
        return new Acks(view.nodes(), progress.nodes());
    }

    /** Has an action told of what is withheld and who has what, soon after something changed. */
    void onLook(BiConsumer<Occupancy.View, Acks> action) {
        needs.add(action);
    }

    /** Looks again soon. */
    void changed() {
        Duration delay;
        synchronized (this) {
            if (scheduled) {
                return;
            }
            scheduled = true;
            delay = Duration.ofNanos(Math.max(SOON.toNanos(), REST * cost));
        }
        timers.after(delay, this::look);
    }

    private void look() {
        List<Waiter> asking;
        synchronized (this) {
            scheduled = false;
            asking = List.copyOf(waiters);
        }
        if (asking.isEmpty() && !occupancy.withholds()) {
            return;
        }
        Occupancy.View view = occupancy.view();
        long start = timers.nanoTime();
        Acks acks = now(view);
        List<Waiter> done = asking.stream()
                .filter(waiter -> waiter.seen && acks.has(waiter.revision, waiter.node, waiter.routes))
                .toList();
        synchronized (this) {
            cost = timers.nanoTime() - start;
            done.forEach(waiters::remove);
        }
        done.forEach(waiter -> waiter.done.tryComplete(new Reach(true, List.of())));
        needs.forEach(action -> action.accept(view, acks));
    }

    private void giveUp(Waiter waiter) {
        synchronized (this) {
            if (!waiters.remove(waiter)) {
                return;
            }
        }
        Collection<Acks.Late> late =
                now(occupancy.view()).late(waiter.revision, waiter.node, waiter.routes, MOST_NAMED);
        waiter.done.tryComplete(new Reach(
                late.isEmpty(),
                late.stream().map(l -> new Late(l.node(), l.reason())).toList()));
    }

    /** Somebody who waits; equal only to itself. */
    private static final class Waiter {
        private final long revision;
        private final String node;
        private final Set<String> routes;
        private volatile boolean seen;
        private final Promise<Reach> done = Promise.promise();

        Waiter(long revision, String node, Set<String> routes) {
            this.revision = revision;
            this.node = node;
            this.routes = routes;
        }
    }
}
