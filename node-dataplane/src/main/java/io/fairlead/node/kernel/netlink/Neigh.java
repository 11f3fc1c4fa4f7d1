package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A neighbour, as {@code ip neighbour} shows it.
 *
 * @param ifindex the device
 * @param address of the neighbour
 * @param mac its hardware address, if known
 * @param state NUD_ number of linux/neighbour.h
 * @param flags NTF_ flags
 * @param managed true when the kernel itself keeps the entry resolved
 */
public record Neigh(int ifindex, Ip address, Optional<Mac> mac, int state, int flags, boolean managed) {
    public static final int NUD_NONE = 0;
    public static final int NUD_PERMANENT = 0x80;
    /** Learned by somebody else than the kernel, which then never collects it. */
    public static final int EXT_LEARNED = 1 << 4;

    private static final int HEADER = 12;
    private static final int NDA_DST = 1;
    private static final int NDA_LLADDR = 2;
    private static final int NDA_IFINDEX = 8;
    private static final int NDA_FLAGS_EXT = 15;
    private static final int NTF_EXT_MANAGED = 1;

    /** A neighbour that the kernel resolves and keeps fresh without traffic (Linux 5.16). */
    public static Neigh managed(int ifindex, Ip address) {
        return new Neigh(ifindex, address, Optional.empty(), NUD_NONE, EXT_LEARNED, true);
    }

    /** A neighbour with a fixed hardware address. */
    public static Neigh permanent(int ifindex, Ip address, Mac mac) {
        return new Neigh(ifindex, address, Optional.of(mac), NUD_PERMANENT, 0, false);
    }

    /** The request that makes it be there. */
    public Request replace() {
        return new Request("neighbour replace " + address + " dev " + ifindex, w -> {
            header(w.begin(Rtm.NEWNEIGH, Rtm.NLM_F_CREATE | Rtm.NLM_F_REPLACE), flags);
            if (mac.isPresent()) {
                w.attr(NDA_LLADDR, mac.get());
            }
            if (managed) {
                w.attr(NDA_FLAGS_EXT, NTF_EXT_MANAGED);
            }
        });
    }

    /** The request that removes it. */
    public Request delete() {
        return new Request("neighbour delete " + address + " dev " + ifindex, w -> header(w.begin(Rtm.DELNEIGH, 0), 0));
    }

    /** @param ifindex whose neighbours, 0 for all */
    static Consumer<NlmsgWriter> dump(int ifindex) {
        return w -> {
            w.begin(Rtm.GETNEIGH, Rtm.NLM_F_DUMP).u32(0).u32(0).u32(0);
            if (ifindex != 0) {
                w.attr(NDA_IFINDEX, ifindex);
            }
        };
    }

    /** Null for entries without an address, such as those of a bridge. */
    static @Nullable Neigh decode(Nlmsg message) {
        Ip address = null;
        Optional<Mac> mac = Optional.empty();
        boolean managed = false;
        Attr attribute = message.attributes(HEADER);
        while (attribute.next()) {
            switch (attribute.type()) {
                case NDA_DST -> address = attribute.ip();
                case NDA_LLADDR -> mac = attribute.length() == 6 ? Optional.of(attribute.mac()) : Optional.empty();
                case NDA_FLAGS_EXT -> managed = (attribute.s32() & NTF_EXT_MANAGED) != 0;
                default -> {}
            }
        }
        return address == null
                ? null
                : new Neigh(message.s32(4), address, mac, message.u16(8), message.u8(10), managed);
    }

    private void header(NlmsgWriter w, int flagsOfMessage) {
        w.u8(address.isV4() ? Rtm.AF_INET : Rtm.AF_INET6).u8(0).u16(0).u32(ifindex);
        w.u16(state).u8(flagsOfMessage).u8(0);
        w.attr(NDA_DST, address);
    }
}
