package io.fairlead.contract.policy;

/**
 * Ports of a protocol, or types of ICMP.
 *
 * @param protocol number of the IP protocol; 0 for any, with any port
 * @param first lowest port, or type of ICMP and ICMPv6
 * @param last highest port, first for one alone
 */
public record Ports(int protocol, int first, int last) {
    /** Highest port. */
    public static final int MAX = 65535;

    /** Every port and protocol. */
    public static final Ports ANY = new Ports(0, 0, MAX);

    public Ports {
        if (protocol < 0 || protocol > 255) {
            throw new IllegalArgumentException("protocol: " + protocol + " (expected: 0 to 255)");
        }
        if (first < 0 || last < first || last > MAX) {
            throw new IllegalArgumentException("ports: " + first + " to " + last + " (expected: 0 to 65535, rising)");
        }
    }

    /** Every port of a protocol, or every type of ICMP. */
    public static Ports all(int protocol) {
        return new Ports(protocol, 0, MAX);
    }

    /** Whether every port counts. */
    public boolean isAll() {
        return first == 0 && last == MAX;
    }
}
