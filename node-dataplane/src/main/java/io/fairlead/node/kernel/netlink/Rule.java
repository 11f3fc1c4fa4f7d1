package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import java.util.function.Consumer;

/**
 * A routing policy rule, as {@code ip rule} shows it: packets with a mark look into a table.
 *
 * @param family of the packets
 * @param priority rules with lower numbers are asked first
 * @param mark that packets must have after the mask
 * @param mask 0 for packets of any mark
 * @param table where the route is looked up
 * @param protocol who made it
 */
public record Rule(Ip.Family family, int priority, int mark, int mask, int table, int protocol) {
    private static final int HEADER = 12;
    private static final int FR_ACT_TO_TBL = 1;
    private static final int FRA_PRIORITY = 6;
    private static final int FRA_FWMARK = 10;
    private static final int FRA_TABLE = 15;
    private static final int FRA_FWMASK = 16;
    private static final int FRA_PROTOCOL = 21;

    /** The request that adds it. */
    public Request add() {
        return new Request(
                "rule add pref " + priority, w -> encode(w.begin(Rtm.NEWRULE, Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL)));
    }

    /** The request that removes it. */
    public Request delete() {
        return new Request("rule delete pref " + priority, w -> encode(w.begin(Rtm.DELRULE, 0)));
    }

    static Consumer<NlmsgWriter> dump(Ip.Family family) {
        return w -> w.begin(Rtm.GETRULE, Rtm.NLM_F_DUMP)
                .u8(number(family))
                .u8(0)
                .u16(0)
                .u32(0)
                .u32(0);
    }

    static Rule decode(Nlmsg message) {
        Ip.Family family = message.u8(0) == Rtm.AF_INET ? Ip.Family.V4 : Ip.Family.V6;
        int priority = 0;
        int mark = 0;
        int mask = 0;
        int table = message.u8(4);
        int protocol = 0;
        Attr attribute = message.attributes(HEADER);
        while (attribute.next()) {
            switch (attribute.type()) {
                case FRA_PRIORITY -> priority = attribute.s32();
                case FRA_FWMARK -> mark = attribute.s32();
                case FRA_FWMASK -> mask = attribute.s32();
                case FRA_TABLE -> table = attribute.s32();
                case FRA_PROTOCOL -> protocol = attribute.u8();
                default -> {}
            }
        }
        return new Rule(family, priority, mark, mask, table, protocol);
    }

    private void encode(NlmsgWriter w) {
        w.u8(number(family))
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(table < 256 ? table : 0)
                .u8(0)
                .u8(0)
                .u8(FR_ACT_TO_TBL);
        w.u32(0);
        w.attr(FRA_PRIORITY, priority);
        if (mask != 0) {
            w.attr(FRA_FWMARK, mark).attr(FRA_FWMASK, mask);
        }
        w.attr(FRA_TABLE, table).attrU8(FRA_PROTOCOL, protocol);
    }

    private static int number(Ip.Family family) {
        return family == Ip.Family.V4 ? Rtm.AF_INET : Rtm.AF_INET6;
    }
}
