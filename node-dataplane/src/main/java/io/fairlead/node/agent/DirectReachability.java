package io.fairlead.node.agent;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.reconcile.Reachability;
import io.fairlead.node.wiring.DirectRoutes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Asks the kernel on which device a node is, and remembers good answers for a minute.
 *
 * <p>Used by the reconciler's thread; {@link #forget} may be called by others.
 */
final class DirectReachability implements Reachability {
    private static final long TRUSTED_NANOS = Duration.ofMinutes(1).toNanos();

    private final DirectRoutes routes;
    private final Map<Ip, Result> answers = new HashMap<>(); // owned by: reconciler
    private long asked = System.nanoTime(); // owned by: reconciler
    private volatile boolean outdated;

    DirectReachability(DirectRoutes routes) {
        this.routes = routes;
    }

    @Override
    public Result of(Ip nodeAddress) {
        return answers.computeIfAbsent(nodeAddress, this::ask);
    }

    @Override
    public void refresh() {
        if (outdated || System.nanoTime() - asked > TRUSTED_NANOS) {
            outdated = false;
            asked = System.nanoTime();
            answers.clear();
        } else {
            // bad news may be over: a route or device that was missing can be there now
            answers.values().removeIf(answer -> !(answer instanceof Result.Direct));
        }
    }

    /** Devices, addresses or routes have changed: the next look asks anew. */
    void forget() {
        outdated = true;
    }

    private Result ask(Ip node) {
        try {
            DirectRoutes.Way way = routes.way(node);
            return way instanceof DirectRoutes.Way.OnLink direct
                    ? new Result.Direct(direct.hop().ifindex())
                    : new Result.Behind("direct route to node " + node + ": " + way);
        } catch (KernelException e) {
            return new Result.Not(String.valueOf(e.getMessage()));
        }
    }
}
