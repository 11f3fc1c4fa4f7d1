package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;

/**
 * A flow before its translation (OUT), or as its answers arrive before theirs (IN). The sender is first.
 *
 * @param src the sender
 * @param dst the receiver, of the same family
 * @param sport of the sender; of an ICMP echo the id when it asks, else 0
 * @param dport as sport, of the receiver
 * @param protocol number of the IP protocol
 * @param direction which of both
 */
public record NatKey(Ip src, Ip dst, int sport, int dport, int protocol, Direction direction) {
    /** Which address is translated; NAT_ and the name is the name in enum nat_direction. */
    public enum Direction {
        /** The source, of what leaves. */
        OUT,
        /** The destination, of what comes back. */
        IN
    }

    public NatKey {
        if (src.family() != dst.family()) {
            throw new IllegalArgumentException(
                    "translation: " + src + " to " + dst + " (expected: addresses of one family)");
        }
    }

    /** The key of the other entry of the mapping. */
    public NatKey pair(NatEntry entry) {
        return switch (direction) {
            case OUT -> new NatKey(dst, entry.to(), dport, entry.port(), protocol, Direction.IN);
            case IN -> new NatKey(entry.to(), src, entry.port(), sport, protocol, Direction.OUT);
        };
    }

    /** Whether what the other entry of the mapping translates to is what this one translates from. */
    public boolean isUndoneBy(NatEntry pair) {
        return switch (direction) {
            case OUT -> pair.to().equals(src) && pair.port() == sport;
            case IN -> pair.to().equals(dst) && pair.port() == dport;
        };
    }

    /** The connection as it is before translation, who began it first. */
    public CtKey connection(NatEntry entry) {
        return switch (direction) {
            case OUT -> new CtKey(src, dst, sport, dport, protocol);
            case IN -> new CtKey(entry.to(), src, entry.port(), sport, protocol);
        };
    }
}
