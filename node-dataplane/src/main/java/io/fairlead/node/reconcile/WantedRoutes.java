package io.fairlead.node.reconcile;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.desired.PeerRoute;
import io.fairlead.node.desired.PersistentMap;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Routes and next hops that should be, and the pod CIDRs that get none, from round to round.
 *
 * <p>A round looks at the routes that changed; at all of them when what they are judged by changed. Owned by the reconciler's
 * thread; one that failed half way is thrown away.
 */
final class WantedRoutes {
    private final LocalNode node;
    private final Translator.Routing routing;
    private final NextHopIds ids;
    private final PersistentMap.Builder<Integer, NextHop> hops = new PersistentMap.Builder<>();
    private final PersistentMap.Builder<Cidr, RouteTarget> routes = new PersistentMap.Builder<>();
    private final PersistentMap.Builder<Cidr, String> refused = new PersistentMap.Builder<>();
    private final PersistentMap.Builder<Cidr, String> skipped = new PersistentMap.Builder<>();
    private final Set<Cidr> withoutId = new HashSet<>();
    private Map<Cidr, PeerRoute> peers = Map.of();
    private List<Cidr> podCidrs = List.of();
    private int hostIfindex;

    /**
     * What a round has to say.
     *
     * @param hops next hops by id
     * @param routes routes by destination
     * @param refused pod CIDRs that get no route, with the reason
     * @param skipped pod CIDRs that are left to a router, with the reason
     */
    record Result(
            Map<Integer, NextHop> hops,
            Map<Cidr, RouteTarget> routes,
            Map<Cidr, String> refused,
            Map<Cidr, String> skipped) {}

    /** Where a route to another node goes, or why there is none; nothing at all when it is none of the agent's business. */
    private record Verdict(
            @Nullable NextHop hop,
            @Nullable String refused,
            @Nullable String skipped) {
        static final Verdict NOTHING = new Verdict(null, null, null);

        static Verdict refuse(String reason) {
            return new Verdict(null, reason, null);
        }
    }

    WantedRoutes(LocalNode node, Translator.Routing routing, NextHopIds ids) {
        this.node = node;
        this.routing = routing;
        this.ids = ids;
    }

    /**
     * Takes in what is said now.
     *
     * @param ownCidrs pod CIDRs of this node as they are now
     * @param hostDevice index of fl_host
     * @param observed nexthop objects that are there: a gateway keeps the id it has
     * @param anew whether other nodes may be reached in another way than before
     */
    Result update(
            Map<Cidr, PeerRoute> now,
            List<Cidr> ownCidrs,
            int hostDevice,
            Map<Integer, NextHop> observed,
            Reachability reachability,
            boolean anew) {
        ids.observe(observed);
        Map<Cidr, PeerRoute> before = peers;
        peers = now;
        if (anew || hostIfindex != hostDevice || !podCidrs.equals(ownCidrs)) {
            List<Cidr> former = podCidrs;
            podCidrs = ownCidrs;
            hostIfindex = hostDevice;
            before.keySet().forEach(cidr -> {
                if (!now.containsKey(cidr)) {
                    consider(cidr, null, reachability);
                }
            });
            now.forEach((cidr, route) -> consider(cidr, route, reachability));
            former.forEach(cidr -> consider(cidr, now.get(cidr), reachability));
            ownCidrs.forEach(cidr -> consider(cidr, now.get(cidr), reachability));
        } else {
            PersistentMap.differences(before, now, (cidr, was, is) -> consider(cidr, is, reachability));
        }
        if (!withoutId.isEmpty() && ids.hasFree()) {
            Set.copyOf(withoutId).forEach(cidr -> consider(cidr, now.get(cidr), reachability));
        }
        return new Result(hops.build(), routes.build(), refused.build(), skipped.build());
    }

    private void consider(Cidr cidr, @Nullable PeerRoute route, Reachability reachability) {
        Verdict verdict = route == null ? Verdict.NOTHING : judge(route, reachability);
        NextHop hop = verdict.hop();
        OptionalInt id = hop == null ? OptionalInt.empty() : ids.use(hop);
        String reason = verdict.refused();
        if (hop != null && id.isEmpty()) {
            reason = ids.exhausted();
            withoutId.add(cidr);
        } else if (!withoutId.isEmpty()) {
            withoutId.remove(cidr);
        }
        RouteTarget before = routes.get(cidr);
        if (before instanceof RouteTarget.Via via && ids.release(via.nextHopId())) {
            hops.remove(via.nextHopId());
        }
        if (hop != null && id.isPresent()) {
            hops.put(id.getAsInt(), hop);
            if (!(before instanceof RouteTarget.Via via) || via.nextHopId() != id.getAsInt()) {
                routes.put(cidr, new RouteTarget.Via(id.getAsInt()));
            }
        } else if (podCidrs.contains(cidr)) {
            routes.put(cidr, new RouteTarget.Device(hostIfindex, Optional.empty(), node.router(cidr.family())));
        } else if (before != null) {
            routes.remove(cidr);
        }
        note(refused, cidr, reason);
        note(skipped, cidr, verdict.skipped());
    }

    private static void note(PersistentMap.Builder<Cidr, String> reasons, Cidr cidr, @Nullable String reason) {
        if (reason == null) {
            reasons.remove(cidr);
        } else {
            reasons.put(cidr, reason);
        }
    }

    private Verdict judge(PeerRoute route, Reachability reachability) {
        if (!routing.directRoutes() || node.owns(route)) {
            return Verdict.NOTHING;
        }
        String reason = refusal(route);
        if (reason != null) {
            return Verdict.refuse(reason);
        }
        Reachability.Result reach = reachability.of(route.nextHop());
        if (reach instanceof Reachability.Result.Direct direct) {
            return new Verdict(new NextHop(route.nextHop(), direct.ifindex()), null, null);
        }
        if (reach instanceof Reachability.Result.Behind behind) {
            return routing.skipUnreachable()
                    ? new Verdict(null, null, behind.reason())
                    : Verdict.refuse(behind.reason() + ", must be directly reachable");
        }
        return Verdict.refuse(((Reachability.Result.Not) reach).reason());
    }

    /** A route that would take this node's own pods or its way to other nodes away is refused. */
    private @Nullable String refusal(PeerRoute route) {
        Cidr cidr = route.cidr();
        boolean allowed = routing.nativeCidrs().isEmpty();
        for (Cidr network : routing.nativeCidrs()) {
            allowed |= network.contains(cidr);
        }
        if (!allowed) {
            return "pod CIDR " + cidr + " of " + route.nodeName() + " is outside ipv4-native-routing-cidr "
                    + routing.nativeCidrs();
        }
        for (Cidr own : podCidrs) {
            if (own.overlaps(cidr)) {
                return "pod CIDR " + cidr + " of " + route.nodeName() + " overlaps this node's " + own;
            }
        }
        boolean nodes = cidr.contains(route.nextHop());
        for (Ip address : node.addresses()) {
            nodes |= cidr.contains(address);
        }
        return nodes ? "pod CIDR " + cidr + " of " + route.nodeName() + " contains a node's address" : null;
    }
}
