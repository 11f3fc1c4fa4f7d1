package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;

/**
 * What names a connection. Which end is first is the programs' matter and says nothing of who began it.
 *
 * @param first address of one end
 * @param second that of the other, of the same family
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

    /** The same connection with its ends the other way round. */
    public CtKey swapped() {
        return new CtKey(second, first, secondPort, firstPort, protocol);
    }
}
