package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.explain.Surroundings.Routing;
import io.fairlead.node.explain.Surroundings.Way;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.Route;
import java.util.Optional;

/** Devices and routes as the kernel has them now. Several threads may call. */
public final class KernelRouting implements Routing {
    private static final Mac NO_MAC = Mac.of(new byte[6]);

    private final Netlink netlink;

    /** @param netlink of the node's namespace; stays the caller's to close */
    public KernelRouting(Netlink netlink) {
        this.netlink = netlink;
    }

    @Override
    public String device(int ifindex) {
        return netlink.link(ifindex).map(Link::name).orElse("device " + ifindex);
    }

    @Override
    public Mac mac(String device) {
        return netlink.link(device).flatMap(Link::mac).orElse(NO_MAC);
    }

    @Override
    public Optional<Way> way(Ip destination) {
        try {
            Route route = netlink.routeGet(destination);
            return route.ifindex() == 0
                    ? Optional.empty()
                    : Optional.of(new Way(device(route.ifindex()), route.gateway(), route.source()));
        } catch (KernelException e) {
            // unreachable, blackhole and prohibit routes answer with a failure, as no route does
            return Optional.empty();
        }
    }
}
