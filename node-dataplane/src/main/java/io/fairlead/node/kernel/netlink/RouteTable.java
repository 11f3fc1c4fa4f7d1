package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.KernelTable;
import io.fairlead.node.kernel.RouteTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The agent's routes of the main table, IPv4 and IPv6: those with {@link Ownership}'s protocol and metric.
 *
 * <p>A route of another protocol is never replaced or removed, even when it has the same metric. The kernel drops IPv4
 * routes without a word when their device goes down or loses its address; {@link NetlinkMonitor} tells when to load again.
 */
public final class RouteTable implements KernelTable<Cidr, RouteTarget> {
    /** What {@link #load} gives for a route of ours that somebody made into something the agent never writes. */
    public static final RouteTarget ALTERED = new RouteTarget.Device(0, Optional.empty(), Optional.empty());

    private final Netlink netlink;

    public RouteTable(Netlink netlink) {
        this.netlink = netlink;
    }

    @Override
    public String name() {
        return "routes";
    }

    @Override
    public Map<Cidr, RouteTarget> load() {
        Map<Cidr, RouteTarget> ours = new HashMap<>();
        for (Ip.Family family : Ip.Family.values()) {
            List<Route> routes = netlink.routes(family, Ownership.PROTOCOL);
            for (Route route : routes) {
                if (route.table() == Route.MAIN && route.origin().equals(Route.Origin.FAIRLEAD)) {
                    ours.merge(route.destination(), target(route), (one, other) -> ALTERED);
                }
            }
        }
        return ours;
    }

    @Override
    public Map<Cidr, KernelException> upsert(Map<Cidr, RouteTarget> entries) {
        Map<Cidr, KernelException> failures = new LinkedHashMap<>();
        List<Cidr> taken = new ArrayList<>();
        write(entries, entries.keySet(), Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL).forEach((cidr, e) -> {
            if (e.errno() == Rtm.EEXIST) {
                taken.add(cidr);
            } else {
                failures.put(cidr, e);
            }
        });
        if (!taken.isEmpty()) {
            Map<Cidr, RouteTarget> ours = load();
            taken.stream().filter(c -> !ours.containsKey(c)).forEach(c -> failures.put(c, foreign(c)));
            taken.removeIf(c -> !ours.containsKey(c) || ours.get(c).equals(entries.get(c)));
            failures.putAll(write(entries, taken, Rtm.NLM_F_CREATE | Rtm.NLM_F_REPLACE));
        }
        return failures;
    }

    @Override
    public Map<Cidr, KernelException> delete(Collection<Cidr> destinations) {
        Map<Cidr, KernelException> failures = netlink.socket()
                .each(
                        destinations,
                        (w, cidr) -> Route.unreachable(cidr)
                                .of(Route.Origin.FAIRLEAD)
                                .encodeDelete(w),
                        cidr -> "route delete " + cidr);
        failures.values().removeIf(e -> e.errno() == Rtm.ESRCH);
        return failures;
    }

    private Map<Cidr, KernelException> write(Map<Cidr, RouteTarget> entries, Collection<Cidr> destinations, int flags) {
        return netlink.socket()
                .each(
                        destinations,
                        (w, cidr) -> encode(w, flags, cidr, entries.get(cidr)),
                        cidr -> "route add " + cidr + " " + entries.get(cidr));
    }

    private static void encode(NlmsgWriter w, int flags, Cidr destination, RouteTarget target) {
        if (target instanceof RouteTarget.Via via) {
            Route.encodeVia(w, flags, destination, via.nextHopId());
        } else {
            bare(destination, target).of(Route.Origin.FAIRLEAD).encode(w, flags);
        }
    }

    private static Route bare(Cidr destination, RouteTarget target) {
        if (target instanceof RouteTarget.Via via) {
            return Route.via(destination, via.nextHopId());
        }
        if (target instanceof RouteTarget.Device device) {
            return Route.device(destination, device.ifindex(), device.gateway(), device.source());
        }
        return Route.unreachable(destination);
    }

    private static RouteTarget target(Route route) {
        if (!route.plain()) {
            return ALTERED;
        }
        if (route.type() == Route.UNREACHABLE) {
            return new RouteTarget.Unreachable();
        }
        if (route.type() != Route.UNICAST) {
            return ALTERED;
        }
        if (route.nextHopId() != 0) {
            return route.source().isEmpty() ? new RouteTarget.Via(route.nextHopId()) : ALTERED;
        }
        RouteTarget.Device device = new RouteTarget.Device(route.ifindex(), route.gateway(), route.source());
        return bare(route.destination(), device).scope() == route.scope() ? device : ALTERED;
    }

    private static KernelException foreign(Cidr destination) {
        return new KernelException(
                "route add " + destination,
                Rtm.EEXIST,
                "EEXIST (a route of another protocol has metric " + Ownership.METRIC + ")",
                FailureKind.GIVE_UP);
    }
}
