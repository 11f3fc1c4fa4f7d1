package io.fairlead.bench.routes;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.NextHop;
import io.fairlead.node.kernel.RouteTarget;
import io.fairlead.node.kernel.netlink.Ownership;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The routes of a cluster: a /24 for each node, through that node's address.
 *
 * @param size number of nodes
 * @param ifindex device all of them are reached on
 */
record RouteSet(int size, int ifindex) {
    private static final Ip GATEWAYS = Ip.parse("10.1.0.0");
    private static final Ip PREFIXES = Ip.parse("20.0.0.0");

    Map<Integer, NextHop> nextHops() {
        Map<Integer, NextHop> hops = new LinkedHashMap<>(size * 2);
        for (int i = 0; i < size; i++) {
            hops.put(id(i), new NextHop(gateway(i), ifindex));
        }
        return hops;
    }

    Map<Cidr, RouteTarget> routes() {
        Map<Cidr, RouteTarget> routes = new LinkedHashMap<>(size * 2);
        for (int i = 0; i < size; i++) {
            routes.put(prefix(i), new RouteTarget.Via(id(i)));
        }
        return routes;
    }

    /** What {@code ip -batch} reads to do the same through nexthop objects. */
    String batchWithNextHops(String device) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < size; i++) {
            lines.append("nexthop add id " + id(i) + " via " + gateway(i) + " dev " + device + " onlink proto 70\n");
        }
        for (int i = 0; i < size; i++) {
            lines.append("route add " + prefix(i) + " nhid " + id(i) + " proto 70 metric 70\n");
        }
        return lines.toString();
    }

    /** What {@code ip -batch} reads to do it as usual. */
    String batchWithGateways(String device) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < size; i++) {
            lines.append("route add " + prefix(i) + " via " + gateway(i) + " dev " + device + " proto 70 metric 70\n");
        }
        return lines.toString();
    }

    private static int id(int node) {
        return Ownership.FIRST_NEXT_HOP_ID + node;
    }

    private static Ip gateway(int node) {
        return GATEWAYS.plus(node);
    }

    private static Cidr prefix(int node) {
        return new Cidr(PREFIXES.plus(node * 256L), 24);
    }
}
