package io.fairlead.cli.dissect;

import io.fairlead.cli.dissect.Dissection.Flow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The header behind IP. */
final class Transports {
    private @Nullable Layer layer;
    private @Nullable Flow ports;
    private String detail = "";
    private boolean truncated;

    Optional<Layer> layer() {
        return Optional.ofNullable(layer);
    }

    /** Empty when there are none. */
    Optional<Flow> ports() {
        return Optional.ofNullable(ports);
    }

    /** "tcp SYN", "udp", "EchoRequest"; empty when it is not known. */
    String detail() {
        return detail;
    }

    boolean truncated() {
        return truncated;
    }

    void dissect(int protocol, Slice in) {
        switch (protocol) {
            case Numbers.TCP -> tcp(in);
            case Numbers.UDP -> udp(in);
            case Numbers.SCTP -> sctp(in);
            case Numbers.ICMPV4 -> icmpV4(in);
            case Numbers.ICMPV6 -> icmpV6(in);
            default -> {}
        }
    }

    private boolean fits(Slice in, int size) {
        truncated |= in.length() < size;
        return in.length() >= size;
    }

    private void ports(Slice in, String text) {
        ports = new Flow(Integer.toString(in.u16(0)), Integer.toString(in.u16(2)));
        detail = text;
    }

    private void tcp(Slice in) {
        if (!fits(in, 20)) {
            return;
        }
        int header = (in.u8(12) >> 4) * 4;
        if (header < 20 || !fits(in, header)) {
            return;
        }
        int bits = in.u16(12);
        String flags = flags(bits);
        ports(in, flags.isEmpty() ? "tcp" : "tcp " + flags);
        layer = new Layer("TCP", () -> {
            List<String> options = new ArrayList<>();
            Slice padding = tcpOptions(in.first(header).from(20), options);
            return new Fields("TCP", in.first(header), in.from(header))
                    .add("SrcPort", Numbers.port(in.u16(0)))
                    .add("DstPort", Numbers.port(in.u16(2)))
                    .add("Seq", in.u32(4))
                    .add("Ack", in.u32(8))
                    .add("DataOffset", header / 4)
                    .add("FIN", (bits & 1) != 0)
                    .add("SYN", (bits & 2) != 0)
                    .add("RST", (bits & 4) != 0)
                    .add("PSH", (bits & 8) != 0)
                    .add("ACK", (bits & 16) != 0)
                    .add("URG", (bits & 32) != 0)
                    .add("ECE", (bits & 64) != 0)
                    .add("CWR", (bits & 128) != 0)
                    .add("NS", (bits & 256) != 0)
                    .add("Window", in.u16(14))
                    .add("Checksum", in.u16(16))
                    .add("Urgent", in.u16(18))
                    .list("Options", options)
                    .bytes("Padding", padding);
        });
    }

    private static String flags(int bits) {
        List<String> names = new ArrayList<>(2);
        String[] known = {"SYN", "ACK", "RST", "FIN"};
        int[] places = {2, 16, 4, 1};
        for (int i = 0; i < known.length; i++) {
            if ((bits & places[i]) != 0) {
                names.add(known[i]);
            }
        }
        return String.join(", ", names);
    }

    /** Adds the options, up to the first that does not fit, and gives what is behind the end of options. */
    private static Slice tcpOptions(Slice options, List<String> texts) {
        Slice in = options;
        while (in.length() > 0) {
            int kind = in.u8(0);
            if (kind == 0) {
                texts.add(Numbers.tcpOption(0, in.first(0)));
                return in.from(1);
            }
            int size = kind == 1 ? 1 : in.length() < 2 ? 0 : in.u8(1);
            if (size == 0 || (kind != 1 && size < 2) || size > in.length()) {
                break;
            }
            texts.add(Numbers.tcpOption(kind, in.first(size).from(2)));
            in = in.from(size);
        }
        return in.first(0);
    }

    private void udp(Slice in) {
        if (!fits(in, 8)) {
            return;
        }
        int length = in.u16(4);
        ports(in, "udp");
        // 0 in jumbo packets
        Slice payload = length >= 8 ? in.first(length).from(8) : in.from(8);
        truncated |= length > in.length();
        layer = new Layer(
                "UDP",
                () -> new Fields("UDP", in.first(8), payload)
                        .add("SrcPort", Numbers.port(in.u16(0)))
                        .add("DstPort", Numbers.port(in.u16(2)))
                        .add("Length", length)
                        .add("Checksum", in.u16(6)));
    }

    private void sctp(Slice in) {
        if (!fits(in, 12)) {
            return;
        }
        ports(in, "sctp");
        layer = new Layer(
                "SCTP",
                () -> new Fields("SCTP", in.first(12), in.from(12))
                        .add("SrcPort", Numbers.port(in.u16(0)))
                        .add("DstPort", Numbers.port(in.u16(2)))
                        .add("VerificationTag", in.u32(4))
                        .add("Checksum", in.u32(8)));
    }

    private void icmpV4(Slice in) {
        if (!fits(in, 8)) {
            return;
        }
        String type = Numbers.icmpV4(in.u8(0), in.u8(1));
        detail = type;
        layer = new Layer(
                "ICMPv4",
                () -> new Fields("ICMPv4", in.first(8), in.from(8))
                        .add("TypeCode", type)
                        .add("Checksum", in.u16(2))
                        .add("Id", in.u16(4))
                        .add("Seq", in.u16(6)));
    }

    private void icmpV6(Slice in) {
        if (!fits(in, 4)) {
            return;
        }
        String type = Numbers.icmpV6(in.u8(0), in.u8(1));
        detail = type;
        layer = new Layer(
                "ICMPv6",
                () -> new Fields("ICMPv6", in.first(4), in.from(4))
                        .add("TypeCode", type)
                        .add("Checksum", in.u16(2))
                        .add("TypeBytes", "[]"));
    }
}
