package io.fairlead.cli.connectivity;

import io.fairlead.contract.Ip;

/**
 * One attempt to reach something.
 *
 * @param from who tries
 * @param to whom
 * @param ip address of whom
 * @param what how
 * @param port of TCP, 0 for an echo
 */
record Flow(Place from, Place to, Ip ip, Driver.Try what, int port) {
    /** "tcp-ipv4: fairlead-test/client (10.0.0.1) -> world one (203.0.113.10:80)". */
    String text() {
        String protocol = what == Driver.Try.TCP ? "tcp" : what == Driver.Try.ICMP ? "ping" : "ping-full";
        String address = port == 0 ? ip.toString() : (ip.isV4() ? ip.toString() : "[" + ip + "]") + ":" + port;
        return protocol + (ip.isV4() ? "-ipv4" : "-ipv6") + ": " + name(from) + " ("
                + from.ip(ip.family()).map(Ip::toString).orElse("?") + ") -> " + name(to) + " (" + address + ")";
    }

    private static String name(Place place) {
        return place.kind() == Place.Kind.POD ? place.name() : place.kind().text() + " " + place.name();
    }

    boolean sameNode() {
        return from.node().equals(to.node());
    }
}
