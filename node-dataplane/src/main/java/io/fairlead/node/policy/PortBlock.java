package io.fairlead.node.policy;

import io.fairlead.contract.policy.Ports;
import java.util.ArrayList;
import java.util.List;

/**
 * Ports of a protocol that begin with the same bits, as keys of the kernel's table name them.
 *
 * @param protocol 0 for any, with any port
 * @param port lowest of them
 * @param bits how many leading bits are the same; 0 for every port
 */
record PortBlock(int protocol, int port, int bits) {
    static final PortBlock ANY = new PortBlock(0, 0, 0);

    /** Protocols with ports: TCP, UDP, SCTP. */
    private static final List<Integer> WITH_PORTS = List.of(6, 17, 132);

    /** The fewest blocks that are together the ports. */
    static List<PortBlock> of(Ports ports) {
        if (ports.protocol() == 0) {
            if (ports.isAll()) {
                return List.of(ANY);
            }
            List<PortBlock> blocks = new ArrayList<>();
            WITH_PORTS.forEach(protocol -> add(protocol, ports, blocks));
            return List.copyOf(blocks);
        }
        List<PortBlock> blocks = new ArrayList<>();
        add(ports.protocol(), ports, blocks);
        return List.copyOf(blocks);
    }

    private static void add(int protocol, Ports ports, List<PortBlock> blocks) {
        int first = ports.first();
        while (first <= ports.last()) {
            int free = first == 0 ? 16 : Integer.numberOfTrailingZeros(first);
            while (first + (1 << free) - 1 > ports.last()) {
                free--;
            }
            blocks.add(new PortBlock(protocol, first, 16 - free));
            first += 1 << free;
        }
    }

    /** The next larger block around this one, or this one when it is everything. */
    PortBlock around() {
        if (bits == 0) {
            return ANY;
        }
        return new PortBlock(protocol, port & (0xffff << (17 - bits)) & 0xffff, bits - 1);
    }
}
