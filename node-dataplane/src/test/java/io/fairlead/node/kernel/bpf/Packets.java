package io.fairlead.node.kernel.bpf;

import static io.fairlead.node.kernel.bpf.Frames.ICMP;
import static io.fairlead.node.kernel.bpf.Frames.ICMPV6;
import static io.fairlead.node.kernel.bpf.Frames.UDP;
import static io.fairlead.node.kernel.bpf.Frames.bytes;
import static io.fairlead.node.kernel.bpf.Frames.checksum;
import static io.fairlead.node.kernel.bpf.Frames.ipv4;
import static io.fairlead.node.kernel.bpf.Frames.ipv6;
import static io.fairlead.node.kernel.bpf.Frames.join;
import static io.fairlead.node.kernel.bpf.Frames.slice;
import static io.fairlead.node.kernel.bpf.Frames.u16;

import io.fairlead.contract.Ip;

/** Packets whose upper header is right too, made anew from what they say: what translated ones must equal. */
final class Packets {
    static final int TCP = 6;
    static final int SCTP = 132;

    private Packets() {}

    /**
     * What a packet says.
     *
     * @param echo for ICMP whether it asks; its id is the port of the one who asks
     */
    @SuppressWarnings("ArrayRecordComponent") // compared as frames
    record Packet(Ip from, int sport, Ip to, int dport, int protocol, boolean echo, int ttl, byte[] data) {
        Packet from(Ip other, int port) {
            return new Packet(other, port, to, dport, protocol, echo, ttl, data);
        }

        Packet to(Ip other, int port) {
            return new Packet(from, sport, other, port, protocol, echo, ttl, data);
        }

        Packet ttl(int hops) {
            return new Packet(from, sport, to, dport, protocol, echo, hops, data);
        }

        /** What answers it. */
        Packet answer() {
            return new Packet(to, dport, from, sport, protocol, false, ttl, data);
        }

        byte[] bytes() {
            return ip(from, to, ttl, protocol, upper(this));
        }
    }

    static byte[] ip(Ip from, Ip to, int ttl, int protocol, byte[] upper) {
        return from.isV4() ? ipv4(from, to, ttl, protocol, upper, 0) : ipv6(from, to, ttl, protocol, upper);
    }

    private static byte[] upper(Packet p) {
        return switch (p.protocol) {
            case TCP -> checked(p.from, p.to, TCP, 16, tcp(p));
            case UDP ->
                checked(p.from, p.to, UDP, 6, join(u16(p.sport), u16(p.dport), u16(8 + p.data.length), u16(0), p.data));
            case ICMP -> checked(p.from, p.to, ICMP, 2, echo(p, 8, 0));
            case ICMPV6 -> checked(p.from, p.to, ICMPV6, 2, echo(p, 128, 129));
            // The CRC is no matter to anybody here, but must stay.
            case SCTP -> join(u16(p.sport), u16(p.dport), bytes(1, 2, 3, 4, 0xaa, 0xbb, 0xcc, 0xdd), p.data);
            default -> p.data;
        };
    }

    private static byte[] tcp(Packet p) {
        byte[] numbers = bytes(1, 2, 3, 4, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0);
        return join(u16(p.sport), u16(p.dport), numbers, p.data);
    }

    private static byte[] echo(Packet p, int asks, int answers) {
        return join(bytes(p.echo ? asks : answers, 0, 0, 0), u16(p.echo ? p.sport : p.dport), u16(1), p.data);
    }

    /** With the checksum at a place of it. */
    static byte[] checked(Ip from, Ip to, int protocol, int at, byte[] upper) {
        byte[] pseudo = from.isV4()
                ? join(from.bytes(), to.bytes(), bytes(0, protocol), u16(upper.length))
                : join(from.bytes(), to.bytes(), bytes(0, 0), u16(upper.length), bytes(0, 0, 0, protocol));
        byte[] all = join(protocol == ICMP ? new byte[0] : pseudo, upper);
        int sum = checksum(all, 0, all.length);
        if (sum == 0 && protocol == UDP) {
            sum = 0xffff;
        }
        upper[at] = (byte) (sum >> 8);
        upper[at + 1] = (byte) sum;
        return upper;
    }

    /** An ICMP error; what is behind its first four bytes is an MTU or nothing. */
    static byte[] error(Ip from, Ip to, int ttl, int type, int code, int mtu, byte[] quote) {
        byte[] message = join(bytes(type, code, 0, 0, 0, 0), u16(mtu), quote);
        int protocol = from.isV4() ? ICMP : ICMPV6;
        return ip(from, to, ttl, protocol, checked(from, to, protocol, 2, message));
    }

    /** The IP packet in a frame. */
    static byte[] inside(byte[] frame) {
        return slice(frame, 14, frame.length);
    }
}
