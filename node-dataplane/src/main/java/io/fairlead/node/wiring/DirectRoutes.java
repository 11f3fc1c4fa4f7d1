package io.fairlead.node.wiring;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.Route;

/**
 * Finds the device that another node is directly reachable on. A node behind a router gets no direct route: the router
 * would not know the pods' addresses.
 */
public final class DirectRoutes {
    private static final int EACCES = 13;
    private static final int EINVAL = 22;
    private static final int ENETUNREACH = 101;
    private static final int EHOSTUNREACH = 113;

    private final Netlink netlink;

    /** @param netlink of the node's namespace; stays the caller's to close */
    public DirectRoutes(Netlink netlink) {
        this.netlink = netlink;
    }

    /** How the kernel gets to a node. */
    public sealed interface Way {
        /** On the link of a device. */
        record OnLink(NextHop hop) implements Way {}

        /** On another network, behind a router. */
        record Behind(Ip node, Ip router) implements Way {
            @Override
            public String toString() {
                return "route to destination " + node + " contains gateway " + router;
            }
        }
    }

    /**
     * The next hop for a node.
     *
     * @param node its address
     * @throws KernelException when there is no route to it, or only one through a router
     */
    public NextHop nextHop(Ip node) {
        Way way = way(node);
        if (way instanceof Way.OnLink direct) {
            return direct.hop();
        }
        throw refused(node, 0, way + ", must be directly reachable", FailureKind.RETRY);
    }

    /**
     * How the kernel gets to a node: by whichever device has its network.
     *
     * @param node its address
     * @throws KernelException when there is no route to it
     */
    public Way way(Ip node) {
        Route route = lookup(node);
        Ip router = route.gateway().orElse(node);
        return router.equals(node) ? new Way.OnLink(onLink(node, route)) : new Way.Behind(node, router);
    }

    private NextHop onLink(Ip node, Route route) {
        if (route.type() == Route.LOCAL) {
            return new NextHop(node, ownDevice(node));
        }
        if (route.type() != Route.UNICAST || route.ifindex() == 0) {
            throw refused(node, 0, "no route found to destination " + node, FailureKind.RETRY);
        }
        return new NextHop(node, route.ifindex());
    }

    private Route lookup(Ip node) {
        try {
            return netlink.routeGet(node);
        } catch (KernelException e) {
            switch (e.errno()) {
                // What unreachable, blackhole and prohibit routes answer with, and no route at all.
                case ENETUNREACH, EHOSTUNREACH, EINVAL, EACCES ->
                    throw refused(node, e.errno(), "no route found to destination " + node, FailureKind.RETRY);
                default ->
                    throw refused(
                            node,
                            e.errno(),
                            "unable to lookup route for node " + node + ": " + e.getMessage(),
                            e.kind());
            }
        }
    }

    /** A route to an address of this machine names the loopback device; the address is on another. */
    private int ownDevice(Ip node) {
        return netlink.addresses().stream()
                .filter(address -> address.address().equals(node))
                .map(address -> address.ifindex())
                .findFirst()
                .orElseThrow(() -> refused(
                        node,
                        0,
                        "unable to find local route for destination " + node + " which is routed over loopback",
                        FailureKind.RETRY));
    }

    private static KernelException refused(Ip node, int errno, String reason, FailureKind kind) {
        return new KernelException("direct route to node " + node, errno, reason, kind);
    }
}
