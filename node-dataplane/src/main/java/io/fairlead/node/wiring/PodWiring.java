package io.fairlead.node.wiring;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.PodDevices.Spec;
import io.fairlead.node.kernel.netlink.Addr;
import io.fairlead.node.kernel.netlink.Link;
import io.fairlead.node.kernel.netlink.Request;
import io.fairlead.node.kernel.netlink.Route;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What both ends of a pod's pair are to be like; the one place that making and checking share. */
final class PodWiring {
    private PodWiring() {}

    /**
     * Settings of the host's end. The kernel forwards nothing from it, takes no packet whose sender is not routed to it,
     * and answers no ARP: whatever the pod sends is dropped unless a program takes it.
     */
    static Map<String, String> hostSettings(String device) {
        Map<String, String> settings = new LinkedHashMap<>();
        String v4 = "ipv4/conf/" + device + "/";
        settings.put(v4 + "forwarding", "0");
        settings.put(v4 + "rp_filter", "1");
        settings.put(v4 + "arp_ignore", "8");
        settings.put(v4 + "proxy_arp", "0");
        settings.put(v4 + "accept_local", "0");
        settings.put(v4 + "route_localnet", "0");
        settings.put(v4 + "accept_redirects", "0");
        settings.put(v4 + "send_redirects", "0");
        settings.put("ipv6/conf/" + device + "/disable_ipv6", "1");
        return settings;
    }

    /** Settings of the pod's end, which has IPv6 only when it has an address of it. */
    static Map<String, String> podSettings(Spec spec) {
        Map<String, String> settings = new LinkedHashMap<>();
        String v6 = "ipv6/conf/" + spec.podInterface() + "/";
        boolean hasV6 = spec.addresses().stream().anyMatch(c -> !c.address().isV4());
        settings.put(v6 + "disable_ipv6", hasV6 ? "0" : "1");
        if (hasV6) {
            settings.put(v6 + "accept_dad", "0");
            settings.put(v6 + "accept_ra", "0");
        }
        return settings;
    }

    static List<Addr> addresses(Spec spec, int ifindex) {
        return spec.addresses().stream()
                .map(cidr -> {
                    Addr host = Addr.host(ifindex, cidr.address());
                    return new Addr(ifindex, cidr.address(), cidr.prefixLength(), host.scope(), host.flags());
                })
                .toList();
    }

    /** To each gateway alone, then to everything through it. */
    static List<Route> routes(Spec spec, int ifindex) {
        List<Route> routes = new ArrayList<>();
        for (Ip gateway : spec.gateways()) {
            Cidr everything = Cidr.containing(gateway, 0);
            routes.add(Route.device(gateway.toCidr(), ifindex, Optional.empty(), Optional.empty()));
            routes.add(Route.device(everything, ifindex, Optional.of(gateway), Optional.empty()));
        }
        return routes;
    }

    /** What sets up the pod's namespace, in order, once the settings are written. */
    static List<Request> podRequests(Spec spec, int loopback, int ifindex) {
        List<Request> requests = new ArrayList<>();
        requests.add(Link.set(loopback, Link.Change.none().up(true)));
        addresses(spec, ifindex).forEach(address -> requests.add(address.add()));
        requests.add(Link.set(ifindex, Link.Change.none().up(true)));
        routes(spec, ifindex).forEach(route -> requests.add(route.add()));
        return requests;
    }
}
