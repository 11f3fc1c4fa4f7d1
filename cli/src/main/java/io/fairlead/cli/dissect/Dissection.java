package io.fairlead.cli.dissect;

import java.util.List;
import java.util.Optional;

/**
 * A packet's headers.
 *
 * @param layers outermost first, up to the first that is not known or does not fit
 * @param truncated the packet is longer than the bytes there are
 * @param link MAC addresses
 * @param network IP addresses
 * @param transport ports
 * @param detail of a connection: "tcp SYN", "udp", "EchoRequest"; "ARP" and the like when there is no network
 */
public record Dissection(
        List<Layer> layers,
        boolean truncated,
        Optional<Flow> link,
        Optional<Flow> network,
        Optional<Flow> transport,
        String detail) {

    /**
     * From whom to whom.
     *
     * @param src sender
     * @param dst receiver
     */
    public record Flow(String src, String dst) {
        @Override
        public String toString() {
            return src + " -> " + dst;
        }
    }

    /**
     * Takes a packet apart.
     *
     * @param frame its first bytes, from the Ethernet header on
     */
    public static Dissection of(byte[] frame) {
        return new Dissector().dissect(Slice.of(frame));
    }

    /** One line: {@code 10.0.0.1:40000 -> 10.0.0.2:80 tcp SYN}, {@code [unknown]} when nothing is known. */
    public String connection() {
        if (network.isEmpty()) {
            return link.map(flow -> flow + " " + detail).orElse("[unknown]");
        }
        Flow addresses = network.get();
        String who = transport
                .map(ports ->
                        host(addresses.src()) + ":" + ports.src() + " -> " + host(addresses.dst()) + ":" + ports.dst())
                .orElseGet(addresses::toString);
        return detail.isEmpty() ? who : who + " " + detail;
    }

    private static String host(String ip) {
        return ip.indexOf(':') < 0 ? ip : "[" + ip + "]";
    }
}
