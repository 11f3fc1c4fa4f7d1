package io.fairlead.node.explain;

import java.util.Arrays;
import java.util.Optional;

/** What can be explained; numbers are IANA's. */
public enum Protocol {
    ICMP(1, "ICMP echo request"),
    TCP(6, "TCP SYN"),
    UDP(17, "UDP"),
    ICMPV6(58, "ICMPv6 echo request"),
    SCTP(132, "SCTP INIT");

    private final int number;
    private final String packet;

    Protocol(int number, String packet) {
        this.number = number;
        this.packet = packet;
    }

    /** Number in the IP header. */
    public int number() {
        return number;
    }

    /** What the packet that is made is. */
    public String packet() {
        return packet;
    }

    /** Whether its packets have ports. */
    public boolean hasPorts() {
        return this != ICMP && this != ICMPV6;
    }

    /** Empty for one that cannot be explained. */
    public static Optional<Protocol> of(int number) {
        return Arrays.stream(values()).filter(p -> p.number == number).findFirst();
    }
}
