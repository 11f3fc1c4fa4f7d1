package io.fairlead.node.kernel;

import io.fairlead.contract.Ip;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a route does with a packet. */
public sealed interface RouteTarget {
    /**
     * Sends it to a nexthop object.
     *
     * @param nextHopId id of the object, see {@code NextHopTable}
     */
    record Via(int nextHopId) implements RouteTarget {
        /** As {@link NextHop}, written out because it is asked so often. */
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Via via && nextHopId == via.nextHopId;
        }

        @Override
        public int hashCode() {
            return nextHopId;
        }
    }

    /**
     * Gives it to a device of this node.
     *
     * @param ifindex the device
     * @param gateway address behind the device, reached without asking whether it is on link
     * @param source address that packets of the node itself get
     */
    record Device(int ifindex, Optional<Ip> gateway, Optional<Ip> source) implements RouteTarget {}

    /** Answers that nobody has the address. */
    record Unreachable() implements RouteTarget {}
}
