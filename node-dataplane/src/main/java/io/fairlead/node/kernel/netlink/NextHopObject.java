package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A nexthop object, as {@code ip nexthop} shows it. Routes name it by id, so one message moves or removes them all.
 *
 * @param id unique in the namespace
 * @param protocol who made it
 * @param gateway where to
 * @param ifindex device it is reached on, 0 for none
 * @param flags RTNH_F_ flags
 * @param plain false when it is a group, a blackhole, or encapsulates
 */
public record NextHopObject(int id, int protocol, Optional<Ip> gateway, int ifindex, int flags, boolean plain) {
    private static final int HEADER = 8;
    private static final int NHA_ID = 1;
    private static final int NHA_GROUP = 2;
    private static final int NHA_BLACKHOLE = 4;
    private static final int NHA_OIF = 5;
    private static final int NHA_GATEWAY = 6;
    private static final int NHA_ENCAP = 8;
    private static final int NHA_FDB = 11;

    /** A next hop of the agent; its gateway is taken to be on the device without asking the routes. */
    public static NextHopObject ours(int id, Ip gateway, int ifindex) {
        return new NextHopObject(id, Ownership.PROTOCOL, Optional.of(gateway), ifindex, Route.ONLINK, true);
    }

    /** The request that adds it; EEXIST when the id is taken. */
    public Request add() {
        return new Request("nexthop add id " + id, w -> encode(w, Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL));
    }

    void encode(NlmsgWriter w, int flagsOfMessage) {
        boolean v6 = gateway.isPresent() && !gateway.get().isV4();
        w.begin(Rtm.NEWNEXTHOP, flagsOfMessage);
        w.u8(v6 ? Rtm.AF_INET6 : Rtm.AF_INET).u8(0).u8(protocol).u8(0).u32(flags);
        w.attr(NHA_ID, id);
        if (gateway.isPresent()) {
            w.attr(NHA_GATEWAY, gateway.get());
        }
        if (ifindex != 0) {
            w.attr(NHA_OIF, ifindex);
        }
    }

    static void encodeDelete(NlmsgWriter w, int id) {
        w.begin(Rtm.DELNEXTHOP, 0).u32(0).u32(0).attr(NHA_ID, id);
    }

    static Consumer<NlmsgWriter> get(int id) {
        return w -> w.begin(Rtm.GETNEXTHOP, 0).u32(0).u32(0).attr(NHA_ID, id);
    }

    static void dump(NlmsgWriter w) {
        w.begin(Rtm.GETNEXTHOP, Rtm.NLM_F_DUMP).u32(0).u32(0);
    }

    static NextHopObject decode(Nlmsg message) {
        int id = 0;
        int ifindex = 0;
        boolean plain = true;
        Optional<Ip> gateway = Optional.empty();
        Attr attribute = message.attributes(HEADER);
        while (attribute.next()) {
            switch (attribute.type()) {
                case NHA_ID -> id = attribute.s32();
                case NHA_OIF -> ifindex = attribute.s32();
                case NHA_GATEWAY -> gateway = Optional.of(attribute.ip());
                case NHA_GROUP, NHA_BLACKHOLE, NHA_ENCAP, NHA_FDB -> plain = false;
                default -> {}
            }
        }
        return new NextHopObject(id, message.u8(2), gateway, ifindex, message.s32(4), plain);
    }
}
