package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Mac;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A network device, as {@code ip link} shows it.
 *
 * @param index its ifindex in its namespace
 * @param name at most 15 bytes
 * @param mac its hardware address, if it is six bytes
 * @param mtu in bytes
 * @param flags IFF_ flags of linux/if.h
 * @param peer ifindex of what it is stacked on or paired with, 0 for nothing
 * @param peerNamespace id of the namespace that is in, as this namespace counts them; -1 for this one
 * @param kind "veth" and such, empty for hardware
 */
public record Link(
        int index, String name, Optional<Mac> mac, int mtu, int flags, int peer, int peerNamespace, String kind) {
    private static final int IFF_UP = 0x1;
    private static final int IFF_LOOPBACK = 0x8;
    private static final int IFF_NOARP = 0x80;
    private static final int HEADER = 16;
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_LINK = 5;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_EXT_MASK = 29;
    private static final int IFLA_LINK_NETNSID = 37;
    private static final int IFLA_TARGET_NETNSID = 46;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int VETH_INFO_PEER = 1;
    private static final int SKIP_STATS = 1 << 3;

    public boolean isUp() {
        return (flags & IFF_UP) != 0;
    }

    /** True when the device resolves no neighbours. */
    public boolean isNoArp() {
        return (flags & IFF_NOARP) != 0;
    }

    public boolean isLoopback() {
        return (flags & IFF_LOOPBACK) != 0;
    }

    /**
     * A pair of virtual Ethernet devices to be made.
     *
     * @param name of this end
     * @param peer name of the other end
     * @param peerNamespace file descriptor of the other end's namespace, -1 for this one
     * @param mtu of both, in bytes; 0 for the kernel's default
     * @param index of this end, 0 for the next free one; EBUSY when another device has it
     * @param mac of this end; empty for a random one
     */
    public record Veth(String name, String peer, int peerNamespace, int mtu, int index, Optional<Mac> mac) {
        public Veth(String name, String peer, int peerNamespace, int mtu) {
            this(name, peer, peerNamespace, mtu, 0, Optional.empty());
        }

        Request add() {
            return new Request("link add " + name + " type veth peer " + peer, this::encode);
        }

        private void encode(NlmsgWriter w) {
            header(w.begin(Rtm.NEWLINK, Rtm.NLM_F_CREATE | Rtm.NLM_F_EXCL), index, 0, 0);
            common(w, name);
            mac.ifPresent(address -> w.attr(IFLA_ADDRESS, address));
            int info = w.nest(IFLA_LINKINFO);
            w.attrUnterminated(IFLA_INFO_KIND, "veth");
            int data = w.nest(IFLA_INFO_DATA);
            int peerNest = w.nest(VETH_INFO_PEER);
            header(w, 0, 0, 0);
            common(w, peer);
            if (peerNamespace >= 0) {
                w.attr(IFLA_NET_NS_FD, peerNamespace);
            }
            w.endNest(peerNest).endNest(data).endNest(info);
        }

        private void common(NlmsgWriter w, String device) {
            if (mtu > 0) {
                w.attr(IFLA_MTU, mtu);
            }
            w.attr(IFLA_IFNAME, device);
        }
    }

    /** What of a device is to change; what is not named stays. */
    public static final class Change {
        private final int flags;
        private final int mask;
        private final int mtu;
        private final @Nullable Mac mac;
        private final @Nullable String name;

        private Change(int flags, int mask, int mtu, @Nullable Mac mac, @Nullable String name) {
            this.flags = flags;
            this.mask = mask;
            this.mtu = mtu;
            this.mac = mac;
            this.name = name;
        }

        public static Change none() {
            return new Change(0, 0, 0, null, null);
        }

        public Change up(boolean up) {
            return flag(IFF_UP, up);
        }

        public Change noarp(boolean noarp) {
            return flag(IFF_NOARP, noarp);
        }

        /** @param bytes largest packet of layer 3 */
        public Change mtu(int bytes) {
            return new Change(flags, mask, bytes, mac, name);
        }

        public Change mac(Mac address) {
            return new Change(flags, mask, mtu, address, name);
        }

        public Change name(String newName) {
            return new Change(flags, mask, mtu, mac, newName);
        }

        private Change flag(int bit, boolean on) {
            return new Change(on ? flags | bit : flags & ~bit, mask | bit, mtu, mac, name);
        }

        void encode(NlmsgWriter w, int index) {
            header(w.begin(Rtm.NEWLINK, 0), index, flags, mask);
            if (name != null) {
                w.attr(IFLA_IFNAME, name);
            }
            if (mac != null) {
                w.attr(IFLA_ADDRESS, mac);
            }
            if (mtu > 0) {
                w.attr(IFLA_MTU, mtu);
            }
        }
    }

    /** The request that changes a device. */
    public static Request set(int index, Change change) {
        return new Request("link set " + index, w -> change.encode(w, index));
    }

    static Request delete(String name) {
        return new Request(
                "link delete " + name,
                w -> header(w.begin(Rtm.DELLINK, 0), 0, 0, 0).attr(IFLA_IFNAME, name));
    }

    static Request delete(int index) {
        return new Request("link delete " + index, w -> header(w.begin(Rtm.DELLINK, 0), index, 0, 0));
    }

    static Consumer<NlmsgWriter> get(int index) {
        return w -> header(w.begin(Rtm.GETLINK, 0), index, 0, 0).attr(IFLA_EXT_MASK, SKIP_STATS);
    }

    static Consumer<NlmsgWriter> get(String name) {
        return w -> header(w.begin(Rtm.GETLINK, 0), 0, 0, 0)
                .attr(IFLA_EXT_MASK, SKIP_STATS)
                .attr(IFLA_IFNAME, name);
    }

    static Consumer<NlmsgWriter> get(int index, int namespace) {
        return w -> header(w.begin(Rtm.GETLINK, 0), index, 0, 0)
                .attr(IFLA_EXT_MASK, SKIP_STATS)
                .attr(IFLA_TARGET_NETNSID, namespace);
    }

    static void dump(NlmsgWriter w) {
        header(w.begin(Rtm.GETLINK, Rtm.NLM_F_DUMP), 0, 0, 0).attr(IFLA_EXT_MASK, SKIP_STATS);
    }

    static Link decode(Nlmsg message) {
        int index = message.s32(4);
        int flags = message.s32(8);
        String name = "";
        String kind = "";
        Optional<Mac> mac = Optional.empty();
        int mtu = 0;
        int peer = 0;
        int peerNamespace = -1;
        Attr attribute = message.attributes(HEADER);
        while (attribute.next()) {
            switch (attribute.type()) {
                case IFLA_IFNAME -> name = attribute.text();
                case IFLA_MTU -> mtu = attribute.s32();
                case IFLA_LINK -> peer = attribute.s32();
                case IFLA_LINK_NETNSID -> peerNamespace = attribute.s32();
                case IFLA_LINKINFO -> kind = kind(attribute.nested());
                case IFLA_ADDRESS -> mac = attribute.length() == 6 ? Optional.of(attribute.mac()) : Optional.empty();
                default -> {}
            }
        }
        return new Link(index, name, mac, mtu, flags, peer, peerNamespace, kind);
    }

    private static String kind(Attr info) {
        while (info.next()) {
            if (info.type() == IFLA_INFO_KIND) {
                return info.text();
            }
        }
        return "";
    }

    private static NlmsgWriter header(NlmsgWriter w, int index, int flags, int mask) {
        return w.u8(Rtm.AF_UNSPEC).u8(0).u16(0).u32(index).u32(flags).u32(mask);
    }
}
