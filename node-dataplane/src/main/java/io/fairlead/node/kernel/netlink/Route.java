package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A route, as {@code ip route} shows it.
 *
 * @param destination where to
 * @param table number of the table, {@link #MAIN} for the usual one
 * @param origin who made it, and how it ranks among routes to the same prefix
 * @param type RTN_ number: {@link #UNICAST}, {@link #UNREACHABLE}
 * @param scope RT_SCOPE_ number
 * @param gateway address behind the device
 * @param ifindex the device, 0 for none
 * @param source address packets of this machine get
 * @param nextHopId nexthop object, 0 for none
 * @param flags RTNH_F_ flags
 * @param plain false when the route has more to it than these fields: several paths, metrics, encapsulation
 */
public record Route(
        Cidr destination,
        int table,
        Origin origin,
        int type,
        int scope,
        Optional<Ip> gateway,
        int ifindex,
        Optional<Ip> source,
        int nextHopId,
        int flags,
        boolean plain) {
    public static final int MAIN = 254;
    public static final int UNICAST = 1;
    public static final int LOCAL = 2;
    public static final int UNREACHABLE = 7;
    /** Scope of routes through a gateway. */
    public static final int SCOPE_UNIVERSE = 0;
    /** Scope of routes to what is on the device itself. */
    public static final int SCOPE_LINK = 253;
    /** The gateway is on the device, whatever the routes say. */
    public static final int ONLINK = 4;

    private static final int SCOPE_NOWHERE = 255;
    private static final int HEADER = 12;
    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RTA_PRIORITY = 6;
    private static final int RTA_PREFSRC = 7;
    private static final int RTA_METRICS = 8;
    private static final int RTA_MULTIPATH = 9;
    private static final int RTA_TABLE = 15;
    private static final int RTA_VIA = 18;
    private static final int RTA_ENCAP = 22;
    private static final int RTA_NH_ID = 30;

    /**
     * Who made a route.
     *
     * @param protocol rtm_protocol
     * @param metric the lower wins
     */
    public record Origin(int protocol, int metric) {
        /** What the agent's routes have. */
        public static final Origin FAIRLEAD = new Origin(Ownership.PROTOCOL, Ownership.METRIC);
        /** What iproute2 gives routes made by hand. */
        public static final Origin BOOT = new Origin(3, 0);
    }

    /** A route through a device; without a gateway its destination is on the device. */
    public static Route device(Cidr destination, int ifindex, Optional<Ip> gateway, Optional<Ip> source) {
        int scope = gateway.isPresent() || !destination.address().isV4() ? SCOPE_UNIVERSE : SCOPE_LINK;
        int flags = gateway.isPresent() ? ONLINK : 0;
        return new Route(destination, MAIN, Origin.BOOT, UNICAST, scope, gateway, ifindex, source, 0, flags, true);
    }

    /** A route through a nexthop object. */
    public static Route via(Cidr destination, int nextHopId) {
        return new Route(
                destination,
                MAIN,
                Origin.BOOT,
                UNICAST,
                SCOPE_UNIVERSE,
                Optional.empty(),
                0,
                Optional.empty(),
                nextHopId,
                0,
                true);
    }

    /** A route that answers that nobody has the address. */
    public static Route unreachable(Cidr destination) {
        return new Route(
                destination,
                MAIN,
                Origin.BOOT,
                UNREACHABLE,
                SCOPE_UNIVERSE,
                Optional.empty(),
                0,
                Optional.empty(),
                0,
                0,
                true);
    }

    /** The same route, made by somebody else. */
    public Route of(Origin maker) {
        return new Route(destination, table, maker, type, scope, gateway, ifindex, source, nextHopId, flags, plain);
    }

    /** The request that adds it; EEXIST when there is one to the same prefix with the same metric. */
    public Request add() {
        return new Request("route add " + destination, w -> encode(w, Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL));
    }

    /** The request that removes it, or any route of the same protocol and metric to its prefix. */
    public Request delete() {
        return new Request("route delete " + destination, this::encodeDelete);
    }

    void encode(NlmsgWriter w, int flagsOfMessage) {
        header(w.begin(Rtm.NEWROUTE, flagsOfMessage), scope, type);
        if (destination.prefixLength() > 0) {
            w.attr(RTA_DST, destination.address());
        }
        if (gateway.isPresent()) {
            Ip address = gateway.get();
            if (address.family() != destination.family()) {
                throw new IllegalArgumentException(
                        "gateway: " + address + " (expected: an address of the family of " + destination + ")");
            }
            w.attr(RTA_GATEWAY, address);
        }
        if (source.isPresent()) {
            w.attr(RTA_PREFSRC, source.get());
        }
        if (origin.metric() != 0) {
            w.attr(RTA_PRIORITY, origin.metric());
        }
        if (nextHopId != 0) {
            w.attr(RTA_NH_ID, nextHopId);
        }
        if (ifindex != 0) {
            w.attr(RTA_OIF, ifindex);
        }
    }

    /** The agent's own route through a nexthop object; as {@link #encode} of it, without making one for each route. */
    static void encodeVia(NlmsgWriter w, int flagsOfMessage, Cidr destination, int nextHopId) {
        w.begin(Rtm.NEWROUTE, flagsOfMessage);
        w.u8(family(destination.family())).u8(destination.prefixLength()).u8(0).u8(0);
        w.u8(MAIN).u8(Ownership.PROTOCOL).u8(SCOPE_UNIVERSE).u8(UNICAST).u32(0);
        if (destination.prefixLength() > 0) {
            w.attr(RTA_DST, destination.address());
        }
        w.attr(RTA_PRIORITY, Ownership.METRIC).attr(RTA_NH_ID, nextHopId);
    }

    void encodeDelete(NlmsgWriter w) {
        header(w.begin(Rtm.DELROUTE, 0), SCOPE_NOWHERE, 0);
        if (destination.prefixLength() > 0) {
            w.attr(RTA_DST, destination.address());
        }
        if (origin.metric() != 0) {
            w.attr(RTA_PRIORITY, origin.metric());
        }
    }

    private void header(NlmsgWriter w, int scopeOfMessage, int typeOfMessage) {
        w.u8(family(destination.family())).u8(destination.prefixLength()).u8(0).u8(0);
        w.u8(table).u8(origin.protocol()).u8(scopeOfMessage).u8(typeOfMessage);
        w.u32(flags);
    }

    /** @param protocol whose routes, 0 for all; the kernel leaves out the others */
    static Consumer<NlmsgWriter> dump(Ip.Family family, int protocol) {
        return w -> w.begin(Rtm.GETROUTE, Rtm.NLM_F_DUMP)
                .u8(family(family))
                .u8(0)
                .u16(0)
                .u8(0)
                .u8(protocol)
                .u16(0)
                .u32(0);
    }

    static Consumer<NlmsgWriter> get(Ip destination) {
        return w -> w.begin(Rtm.GETROUTE, 0)
                .u8(family(destination.family()))
                .u8(destination.family().bits())
                .u16(0)
                .u32(0)
                .u32(0)
                .attr(RTA_DST, destination);
    }

    static Route decode(Nlmsg message) {
        Ip.Family family = message.u8(0) == Rtm.AF_INET ? Ip.Family.V4 : Ip.Family.V6;
        Ip destination = family == Ip.Family.V4 ? Ip.v4(0) : Ip.v6(0, 0);
        int table = message.u8(4);
        int metric = 0;
        int ifindex = 0;
        int nextHopId = 0;
        // A tos (byte 3) or a source prefix (byte 2) makes it a route of its own kind.
        boolean plain = message.u8(2) == 0 && message.u8(3) == 0;
        // With a nexthop object the kernel shows the object's path too (nexthop_compat_mode).
        boolean ownPath = false;
        Optional<Ip> gateway = Optional.empty();
        Optional<Ip> source = Optional.empty();
        Attr attribute = message.attributes(HEADER);
        while (attribute.next()) {
            switch (attribute.type()) {
                case RTA_DST -> destination = attribute.ip();
                case RTA_OIF -> ifindex = attribute.s32();
                case RTA_GATEWAY -> gateway = Optional.of(attribute.ip());
                case RTA_PREFSRC -> source = Optional.of(attribute.ip());
                case RTA_PRIORITY -> metric = attribute.s32();
                case RTA_TABLE -> table = attribute.s32();
                case RTA_NH_ID -> nextHopId = attribute.s32();
                case RTA_METRICS -> plain = false;
                case RTA_MULTIPATH, RTA_VIA, RTA_ENCAP -> ownPath = true;
                default -> {}
            }
        }
        return new Route(
                destination(destination, family, message.u8(1)),
                table,
                new Origin(message.u8(5), metric),
                message.u8(7),
                message.u8(6),
                gateway,
                ifindex,
                source,
                nextHopId,
                message.s32(8),
                plain && (!ownPath || nextHopId != 0));
    }

    private static Cidr destination(Ip address, Ip.Family family, int length) {
        if (address.family() != family || length > family.bits()) {
            throw Nlmsg.malformed("route destination", address + "/" + length, "a prefix of family " + family);
        }
        return Cidr.containing(address, length);
    }

    private static int family(Ip.Family family) {
        return family == Ip.Family.V4 ? Rtm.AF_INET : Rtm.AF_INET6;
    }
}
