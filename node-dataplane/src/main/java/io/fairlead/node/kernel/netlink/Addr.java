package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import java.util.function.Consumer;

/**
 * An address of a device, as {@code ip address} shows it.
 *
 * @param ifindex the device
 * @param address the local address
 * @param prefixLength of the network it is in
 * @param scope RT_SCOPE_ number of linux/rtnetlink.h
 * @param flags IFA_F_ flags of linux/if_addr.h
 */
public record Addr(int ifindex, Ip address, int prefixLength, int scope, int flags) {
    /** Scope of addresses that are valid everywhere. */
    public static final int GLOBAL = 0;
    /** Scope of addresses that are valid on their link only. */
    public static final int LINK = 253;
    /** No duplicate address detection. */
    public static final int NODAD = 0x02;
    /** No route to the address's network. */
    public static final int NOPREFIXROUTE = 0x200;

    private static final int HEADER = 8;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_FLAGS = 8;

    /** An address alone in its network: no prefix route, usable at once. */
    public static Addr host(int ifindex, Ip address) {
        int flags = address.isV4() ? NOPREFIXROUTE : NOPREFIXROUTE | NODAD;
        return new Addr(ifindex, address, address.family().bits(), GLOBAL, flags);
    }

    /** The request that adds it. */
    public Request add() {
        return new Request("address add " + this, w -> {
            header(w.begin(Rtm.NEWADDR, Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL));
            if (flags != 0) {
                w.attr(IFA_FLAGS, flags);
            }
        });
    }

    /** The request that removes it. */
    public Request delete() {
        return new Request("address delete " + this, w -> header(w.begin(Rtm.DELADDR, 0)));
    }

    /** @param ifindex whose addresses, 0 for all */
    static Consumer<NlmsgWriter> dump(int ifindex) {
        return w -> w.begin(Rtm.GETADDR, Rtm.NLM_F_DUMP).u8(0).u8(0).u8(0).u8(0).u32(ifindex);
    }

    static Addr decode(Nlmsg message) {
        Ip address = null;
        Ip local = null;
        int flags = message.u8(2);
        Attr attribute = message.attributes(HEADER);
        while (attribute.next()) {
            switch (attribute.type()) {
                case IFA_ADDRESS -> address = attribute.ip();
                case IFA_LOCAL -> local = attribute.ip();
                case IFA_FLAGS -> flags = attribute.s32();
                default -> {}
            }
        }
        Ip mine = local == null ? address : local;
        if (mine == null) {
            throw Nlmsg.malformed("address message", "no address", "IFA_LOCAL or IFA_ADDRESS");
        }
        return new Addr(message.s32(4), mine, message.u8(1), message.u8(3), flags);
    }

    private void header(NlmsgWriter w) {
        int family = address.isV4() ? Rtm.AF_INET : Rtm.AF_INET6;
        w.u8(family).u8(prefixLength).u8(flags & 0xff).u8(scope).u32(ifindex);
        w.attr(IFA_LOCAL, address).attr(IFA_ADDRESS, address);
    }

    @Override
    public String toString() {
        return address + "/" + prefixLength + " dev " + ifindex;
    }
}
