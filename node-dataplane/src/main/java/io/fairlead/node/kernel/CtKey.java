package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;

/**
 * What names a connection, whoever began it: the lower address (then port) is first.
 *
 * @param first the lower address
 * @param second the other, of the same family
 * @param firstPort of the first; of an ICMP echo the id when the first asks, else 0
 * @param secondPort as firstPort, of the second
 * @param protocol number of the IP protocol
 */
public record CtKey(Ip first, Ip second, int firstPort, int secondPort, int protocol) {
    public CtKey {
        if (first.family() != second.family()) {
            throw new IllegalArgumentException(
                    "connection: " + first + " and " + second + " (expected: addresses of one family)");
        }
    }

    /** The connection between two, in either order. */
    public static CtKey of(Ip one, int onePort, Ip other, int otherPort, int protocol) {
        int order = one.compareTo(other);
        return order < 0 || (order == 0 && onePort <= otherPort)
                ? new CtKey(one, other, onePort, otherPort, protocol)
                : new CtKey(other, one, otherPort, onePort, protocol);
    }
}
