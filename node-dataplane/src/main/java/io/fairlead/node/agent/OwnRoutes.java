package io.fairlead.node.agent;

import io.fairlead.contract.Cidr;
import io.fairlead.node.desired.DesiredState;
import io.fairlead.node.desired.DesiredState.Source;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.reconcile.Reconciler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The routes to this node's own pods: here, and in the cluster.
 *
 * @param patience how long the kernel may take
 */
record OwnRoutes(LocalNode node, Reconciler reconciler, Duration patience) {
    /**
     * Has the kernel route these pod CIDRs, and no others, to this node's pods. Waits until it does.
     *
     * @throws IllegalStateException when it may not
     */
    void install(List<Cidr> podCidrs) {
        try {
            var unused = reconciler
                    .update(state -> state.withPodCidrs(podCidrs))
                    .get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IllegalStateException("routes to pod CIDRs " + podCidrs + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("routes to pod CIDRs " + podCidrs + ": interrupted", e);
        }
    }

    /** Whether the cluster has routes to all of them; true while that is not known. */
    boolean served(List<Cidr> podCidrs) {
        DesiredState state = reconciler.state();
        if (!state.knows(Source.ROUTES)) {
            return true;
        }
        return podCidrs.stream().allMatch(cidr -> {
            PeerRoute route = state.routes().get(cidr);
            return route != null && node.owns(route);
        });
    }
}
