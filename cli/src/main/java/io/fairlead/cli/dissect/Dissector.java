package io.fairlead.cli.dissect;

import static io.fairlead.cli.dissect.Numbers.DESTINATION;
import static io.fairlead.cli.dissect.Numbers.FRAGMENT;
import static io.fairlead.cli.dissect.Numbers.HOP_BY_HOP;
import static io.fairlead.cli.dissect.Numbers.ROUTING;

import io.fairlead.cli.dissect.Dissection.Flow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Takes one packet apart, header by header. */
final class Dissector {
    private static final int SMALLEST_TYPE = 0x600;

    private final List<Layer> layers = new ArrayList<>(4);
    private final Transports transports = new Transports();
    private boolean truncated;
    private Optional<Flow> link = Optional.empty();
    private Optional<Flow> network = Optional.empty();
    private String linkDetail = "";

    Dissection dissect(Slice frame) {
        ethernet(frame);
        transports.layer().ifPresent(layers::add);
        return new Dissection(
                List.copyOf(layers),
                truncated || transports.truncated(),
                link,
                network,
                transports.ports(),
                network.isEmpty() ? linkDetail : transports.detail());
    }

    private void ethernet(Slice in) {
        if (in.length() < 14) {
            return;
        }
        link = Optional.of(new Flow(in.mac(6), in.mac(0)));
        int type = in.u16(12);
        boolean length = type < SMALLEST_TYPE;
        String name = length ? "LLC" : Numbers.etherType(type);
        linkDetail = name;
        Slice payload = length ? in.from(14).first(type) : in.from(14);
        layers.add(new Layer(
                "Ethernet",
                () -> new Fields("Ethernet", in.first(14), length ? payload : asRecorded(in))
                        .add("SrcMAC", in.mac(6))
                        .add("DstMAC", in.mac(0))
                        .add("EthernetType", name)
                        .add("Length", length ? type : 0)));
        switch (type) {
            case Numbers.IPV4 -> ipv4(payload);
            case Numbers.IPV6 -> ipv6(payload);
            case Numbers.ARP -> arp(payload);
            default -> {}
        }
    }

    /**
     * Cilium's records are 4 bytes of length, a header and the packet, padded to 8 bytes, and the padding counts as the
     * frame's: 98 bytes are shown with 86 behind the 14. Who compares outputs expects that number.
     */
    private static Slice asRecorded(Slice frame) {
        int size = (frame.length() + 3) / 8 * 8 + 4;
        return frame.padded(size).from(14);
    }

    private void arp(Slice in) {
        if (in.length() < 8) {
            truncated = true;
            return;
        }
        int hardware = in.u8(4);
        int protocol = in.u8(5);
        int size = 8 + 2 * hardware + 2 * protocol;
        if (in.length() < size) {
            truncated = true;
            return;
        }
        Slice addresses = in.from(8);
        layers.add(new Layer(
                "ARP",
                () -> new Fields("ARP", in.first(size), in.from(size))
                        .add("AddrType", in.u16(0) == 1 ? "Ethernet" : in.u16(0))
                        .add("Protocol", Numbers.etherType(in.u16(2)))
                        .add("HwAddressSize", hardware)
                        .add("ProtAddressSize", protocol)
                        .add("Operation", in.u16(6))
                        .bytes("SourceHwAddress", addresses.first(hardware))
                        .bytes("SourceProtAddress", addresses.from(hardware).first(protocol))
                        .bytes(
                                "DstHwAddress",
                                addresses.from(hardware + protocol).first(hardware))
                        .bytes(
                                "DstProtAddress",
                                addresses.from(2 * hardware + protocol).first(protocol))));
    }

    private void ipv4(Slice in) {
        if (in.length() < 20) {
            truncated = true;
            return;
        }
        int header = (in.u8(0) & 15) * 4;
        // offloaded packets have no length yet
        int length = in.u16(2) == 0 ? in.length() : in.u16(2);
        if (header < 20 || length < header) {
            return;
        }
        truncated |= length > in.length();
        if (header > in.length()) {
            return;
        }
        Slice payload = in.first(length).from(header);
        Ipv4Options options = Ipv4Options.of(in.first(header).from(20));
        int fragment = in.u16(6);
        network = Optional.of(new Flow(in.ip(12, 4), in.ip(16, 4)));
        layers.add(new Layer(
                "IPv4",
                () -> new Fields("IPv4", in.first(header), payload)
                        .add("Version", in.u8(0) >> 4)
                        .add("IHL", header / 4)
                        .add("TOS", in.u8(1))
                        .add("Length", length)
                        .add("Id", in.u16(4))
                        .add("Flags", flags(fragment >> 13))
                        .add("FragOffset", fragment & 0x1fff)
                        .add("TTL", in.u8(8))
                        .add("Protocol", Numbers.protocol(in.u8(9)))
                        .add("Checksum", in.u16(10))
                        .add("SrcIP", in.ip(12, 4))
                        .add("DstIP", in.ip(16, 4))
                        .list("Options", options.texts())
                        .bytes("Padding", options.padding())));
        // what follows in a fragment is a part
        if ((fragment & 0x3fff) == 0) {
            transports.dissect(in.u8(9), payload);
        }
    }

    private static String flags(int bits) {
        List<String> names = new ArrayList<>(2);
        String[] known = {"MF", "DF", "Evil"};
        for (int bit = 2; bit >= 0; bit--) {
            if ((bits & 1 << bit) != 0) {
                names.add(known[bit]);
            }
        }
        return String.join("|", names);
    }

    private void ipv6(Slice in) {
        if (in.length() < 40) {
            truncated = true;
            return;
        }
        int length = in.u16(4);
        Slice rest = in.from(40);
        truncated |= length > rest.length();
        // a jumbo packet has no length here
        Slice payload = length == 0 ? rest : rest.first(length);
        network = Optional.of(new Flow(in.ip(8, 16), in.ip(24, 16)));
        layers.add(new Layer(
                "IPv6",
                () -> new Fields("IPv6", in.first(40), payload)
                        .add("Version", in.u8(0) >> 4)
                        .add("TrafficClass", in.u16(0) >> 4 & 0xff)
                        .add("FlowLabel", in.u32(0) & 0xfffff)
                        .add("Length", length)
                        .add("NextHeader", Numbers.protocol(in.u8(6)))
                        .add("HopLimit", in.u8(7))
                        .add("SrcIP", in.ip(8, 16))
                        .add("DstIP", in.ip(24, 16))
                        .add("HopByHop", "nil")));
        extensions(in.u8(6), payload);
    }

    /** Each is at least 8 bytes, so this ends. */
    private void extensions(int first, Slice payload) {
        int next = first;
        Slice in = payload;
        while (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION || next == FRAGMENT) {
            int size = in.length() < 8 ? 8 : next == FRAGMENT ? 8 : (in.u8(1) + 1) * 8;
            if (in.length() < size) {
                truncated = true;
                return;
            }
            layers.add(extension(next, in, size));
            if (next == FRAGMENT) {
                // what follows in a fragment is a part
                return;
            }
            next = in.u8(0);
            in = in.from(size);
        }
        transports.dissect(next, in);
    }

    private static Layer extension(int type, Slice in, int size) {
        String name = Numbers.protocol(type);
        return new Layer(name, () -> {
            Fields fields =
                    new Fields(name, in.first(size), in.from(size)).add("NextHeader", Numbers.protocol(in.u8(0)));
            if (type == FRAGMENT) {
                return fields.add("Reserved1", in.u8(1))
                        .add("FragmentOffset", in.u16(2) >> 3)
                        .add("Reserved2", in.u8(3) >> 1 & 3)
                        .add("MoreFragments", (in.u8(3) & 1) != 0)
                        .add("Identification", in.u32(4));
            }
            fields.add("HeaderLength", in.u8(1)).add("ActualLength", size);
            return type == ROUTING
                    ? fields.add("RoutingType", in.u8(2)).add("SegmentsLeft", in.u8(3))
                    : fields.list("Options", Ipv6Options.of(in.first(size).from(2)));
        });
    }
}
