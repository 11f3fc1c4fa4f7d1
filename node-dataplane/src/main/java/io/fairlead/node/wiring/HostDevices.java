package io.fairlead.node.wiring;

import io.fairlead.contract.FailureKind;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.kernel.KernelException;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Netlink;
import io.fairlead.node.kernel.netlink.Request;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The node's own pair: fl_host, which has the router addresses that are the pods' gateways, and fl_net, its other end.
 *
 * <p>A pair that is there already, such as after a restart of the agent, is adopted: only what differs is changed, so
 * nothing that uses it notices. Must be called on a thread in the node's namespace.
 */
public final class HostDevices {
    /** The end that has the router addresses. */
    public static final String HOST = "fl_host";
    /** Its other end. */
    public static final String NET = "fl_net";

    private final Netlink netlink;

    /** @param netlink of the node's namespace; stays the caller's to close */
    public HostDevices(Netlink netlink) {
        this.netlink = netlink;
    }

    /** One end: what programs and map entries need to know of it. */
    public record End(int ifindex, Mac mac) {}

    /** Both ends of the node's pair. */
    public record Ends(End host, End net) {}

    /**
     * What was found and done.
     *
     * @param ends as they are now
     * @param changes how many settings, devices and addresses were put right
     */
    public record Outcome(Ends ends, int changes) {}

    /**
     * Makes the pair be there and forwarding be on; does nothing when all is as it should be.
     *
     * @param routers address of the node's router, one a family
     * @param mtu of both ends, in bytes
     */
    public Ends ensure(List<Ip> routers, int mtu) {
        return ensure(routers, mtu, new Link.Veth(HOST, NET, -1, mtu)).ends();
    }

    /**
     * Makes the pair be there again as it was: loaded programs have its index and address in them, so a pair that
     * somebody removed comes back with the same ones.
     *
     * @param former as programs know it
     * @throws KernelException when the pair cannot be what it was: the agent must be restarted then
     */
    public Outcome restore(End former, List<Ip> routers, int mtu) {
        Outcome outcome =
                ensure(routers, mtu, new Link.Veth(HOST, NET, -1, mtu, former.ifindex(), Optional.of(former.mac())));
        End now = outcome.ends().host();
        if (now.ifindex() == former.ifindex() && !now.mac().equals(former.mac())) {
            netlink.setLink(now.ifindex(), Link.Change.none().mac(former.mac()));
            return new Outcome(new Ends(former, outcome.ends().net()), outcome.changes() + 1);
        }
        if (!now.equals(former)) {
            throw new KernelException(
                    "device " + HOST,
                    0,
                    "is another than at the start: " + now + " (expected: " + former + "; restart the agent)",
                    FailureKind.GIVE_UP);
        }
        return outcome;
    }

    private Outcome ensure(List<Ip> routers, int mtu, Link.Veth pair) {
        // First, because turning forwarding on sets it for every device that is there.
        int changes = Sysctls.ensure(nodeSettings(routers));
        if (!isPair()) {
            netlink.deleteLink(HOST);
            netlink.deleteLink(NET);
            netlink.addVeth(pair);
            changes++;
        }
        Link host = end(HOST);
        Link net = end(NET);
        changes += Sysctls.ensure(endSettings(HOST, routers));
        changes += Sysctls.ensure(endSettings(NET, routers));
        List<Request> requests = new ArrayList<>();
        repair(net, mtu, requests);
        repair(host, mtu, requests);
        addresses(host, routers, requests);
        if (!requests.isEmpty()) {
            netlink.apply(requests);
        }
        Ends ends = new Ends(new End(host.index(), mac(host)), new End(net.index(), mac(net)));
        return new Outcome(ends, changes + requests.size());
    }

    /** Removes the pair; nothing when there is none. */
    public void remove() {
        netlink.deleteLink(HOST);
    }

    private boolean isPair() {
        return netlink.link(HOST)
                .filter(host -> host.kind().equals("veth") && host.peerNamespace() < 0)
                .flatMap(host -> netlink.link(NET).filter(net -> host.peer() == net.index()))
                .isPresent();
    }

    private static void repair(Link link, int mtu, List<Request> requests) {
        if (!link.isUp() || !link.isNoArp() || link.mtu() != mtu) {
            requests.add(Link.set(
                    link.index(), Link.Change.none().noarp(true).mtu(mtu).up(true)));
        }
    }

    /** The new address comes first, so that there is always one to answer with. */
    private void addresses(Link host, List<Ip> routers, List<Request> requests) {
        List<Addr> present = netlink.addresses(host.index()).stream()
                .filter(address -> address.scope() == Addr.GLOBAL)
                .toList();
        for (Ip router : routers) {
            if (present.stream().noneMatch(address -> isRouter(address, router))) {
                requests.add(Addr.host(host.index(), router).add());
            }
        }
        for (Addr address : present) {
            if (routers.stream().noneMatch(router -> isRouter(address, router))) {
                requests.add(address.delete());
            }
        }
    }

    private static boolean isRouter(Addr address, Ip router) {
        return address.address().equals(router)
                && address.prefixLength() == router.family().bits();
    }

    private static Map<String, String> nodeSettings(List<Ip> routers) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("ipv4/ip_forward", "1");
        settings.put("ipv4/conf/all/forwarding", "1");
        settings.put("ipv4/conf/all/rp_filter", "0");
        // Or a route lookup of the programs goes by the device's MTU where the route has a smaller one.
        settings.put("ipv4/ip_forward_use_pmtu", "1");
        // A device that gets another MAC tells its neighbours, who would send to the old one for half a minute.
        settings.put("ipv4/conf/all/arp_notify", "1");
        if (hasV6(routers)) {
            settings.put("ipv6/conf/all/disable_ipv6", "0");
            settings.put("ipv6/conf/all/forwarding", "1");
            settings.put("ipv6/conf/all/ndisc_notify", "1");
        }
        return settings;
    }

    private static Map<String, String> endSettings(String device, List<Ip> routers) {
        Map<String, String> settings = new LinkedHashMap<>();
        String v4 = "ipv4/conf/" + device + "/";
        settings.put(v4 + "forwarding", "1");
        settings.put(v4 + "rp_filter", "0");
        settings.put(v4 + "accept_local", "1");
        settings.put(v4 + "send_redirects", "0");
        String v6 = "ipv6/conf/" + device + "/";
        settings.put(v6 + "disable_ipv6", hasV6(routers) ? "0" : "1");
        if (hasV6(routers)) {
            settings.put(v6 + "forwarding", "1");
            settings.put(v6 + "accept_dad", "0");
        }
        return settings;
    }

    private static boolean hasV6(List<Ip> routers) {
        return routers.stream().anyMatch(ip -> !ip.isV4());
    }

    private Link end(String name) {
        return netlink.link(name)
                .orElseThrow(() -> new KernelException(
                        "link get " + name, 0, "the device vanished while it was set up", FailureKind.RETRY));
    }

    private static Mac mac(Link link) {
        return link.mac()
                .orElseThrow(() -> new KernelException(
                        "link get " + link.name(), 0, "no MAC address (expected: six bytes)", FailureKind.GIVE_UP));
    }
}
