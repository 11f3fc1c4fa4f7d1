package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Routes and next hops of one round, and the pod CIDRs that get none. */
final class WantedRoutes {
    private final LocalNode node;
    private final List<Cidr> podCidrs;
    private final Translator.Routing routing;
    private final NextHopIds ids;
    private final Map<Integer, NextHop> hops = new HashMap<>();
    private final Map<Cidr, RouteTarget> routes = new HashMap<>();
    private final Map<Cidr, String> refused = new HashMap<>();
    private final Map<Cidr, String> skipped = new HashMap<>();

    private WantedRoutes(LocalNode node, List<Cidr> podCidrs, Translator.Routing routing, NextHopIds ids) {
        this.node = node;
        this.podCidrs = podCidrs;
        this.routing = routing;
        this.ids = ids;
    }

    /**
     * The routes to this node's own pods.
     *
     * @param podCidrs the node's own as they are now
     * @param hostIfindex index of fl_host
     * @param observed nexthop objects that are there: a gateway keeps the id it has
     */
    static WantedRoutes of(
            LocalNode node,
            List<Cidr> podCidrs,
            int hostIfindex,
            Translator.Routing routing,
            NextHopIds ids,
            Map<Integer, NextHop> observed) {
        WantedRoutes wanted = new WantedRoutes(node, podCidrs, routing, ids);
        ids.observe(observed);
        for (Cidr cidr : podCidrs) {
            wanted.routes.put(cidr, new RouteTarget.Device(hostIfindex, Optional.empty(), node.router(cidr.family())));
        }
        return wanted;
    }

    /** Adds those to other nodes; all of them, once. */
    void add(Collection<PeerRoute> peers, Reachability reachability) {
        for (PeerRoute route : peers) {
            if (!routing.directRoutes() || node.owns(route)) {
                continue;
            }
            Optional<String> reason = refusal(route);
            if (reason.isPresent()) {
                refused.put(route.cidr(), reason.get());
                continue;
            }
            Reachability.Result reach = reachability.of(route.nextHop());
            if (reach instanceof Reachability.Result.Not not) {
                refused.put(route.cidr(), not.reason());
            } else if (reach instanceof Reachability.Result.Behind behind) {
                if (routing.skipUnreachable()) {
                    skipped.put(route.cidr(), behind.reason());
                } else {
                    refused.put(route.cidr(), behind.reason() + ", must be directly reachable");
                }
            } else if (reach instanceof Reachability.Result.Direct direct) {
                NextHop hop = new NextHop(route.nextHop(), direct.ifindex());
                ids.of(hop)
                        .ifPresentOrElse(
                                id -> {
                                    hops.put(id, hop);
                                    routes.put(route.cidr(), new RouteTarget.Via(id));
                                },
                                () -> refused.put(route.cidr(), ids.exhausted()));
            }
        }
        ids.keep(hops.keySet());
    }

    /** A route that would take this node's own pods or its way to other nodes away is refused. */
    private Optional<String> refusal(PeerRoute route) {
        List<Cidr> allowed = routing.nativeCidrs();
        if (!allowed.isEmpty() && allowed.stream().noneMatch(cidr -> cidr.contains(route.cidr()))) {
            return Optional.of("pod CIDR " + route.cidr() + " of " + route.nodeName()
                    + " is outside ipv4-native-routing-cidr " + allowed);
        }
        for (Cidr own : podCidrs) {
            if (own.overlaps(route.cidr())) {
                return Optional.of(
                        "pod CIDR " + route.cidr() + " of " + route.nodeName() + " overlaps this node's " + own);
            }
        }
        boolean nodes = route.cidr().contains(route.nextHop());
        for (Ip address : node.addresses()) {
            nodes |= route.cidr().contains(address);
        }
        if (nodes) {
            return Optional.of("pod CIDR " + route.cidr() + " of " + route.nodeName() + " contains a node's address");
        }
        return Optional.empty();
    }

    Map<Integer, NextHop> hops() {
        return hops;
    }

    Map<Cidr, RouteTarget> routes() {
        return routes;
    }

    Map<Cidr, String> refused() {
        return refused;
    }

    /** Pod CIDRs that are left to a router. */
    Map<Cidr, String> skipped() {
        return skipped;
    }
}
