package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Packets, byte by byte, with right checksums; and the checks of packets that came back. */
final class Frames {
    static final int IPV4 = 0x0800;
    static final int IPV6 = 0x86dd;
    static final int ARP = 0x0806;
    static final int UDP = 17;
    static final int ICMP = 1;
    static final int ICMPV6 = 58;
    static final int HOP_BY_HOP = 0;
    static final int FRAGMENT = 44;

    private Frames() {}

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    static byte[] u16(int value) {
        return new byte[] {(byte) (value >> 8), (byte) value};
    }

    static byte[] bytes(int... values) {
        byte[] result = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (byte) values[i];
        }
        return result;
    }

    static byte[] ethernet(Mac to, Mac from, int type, byte[] payload) {
        return join(to.bytes(), from.bytes(), u16(type), payload);
    }

    /** Any IP packet in its frame. */
    static byte[] ethernet(Mac to, Mac from, byte[] packet) {
        return ethernet(to, from, packet[0] >> 4 == 4 ? IPV4 : IPV6, packet);
    }

    /** A packet of either family without options. */
    static byte[] ip(Ip from, Ip to, int ttl, int protocol, byte[] payload) {
        return from.isV4() ? ipv4(from, to, ttl, protocol, payload, 0) : ipv6(from, to, ttl, protocol, payload);
    }

    /** @param fragment flags and offset, as the header has them */
    static byte[] ipv4(Ip from, Ip to, int ttl, int protocol, byte[] payload, int fragment, byte... options) {
        int header = 20 + options.length;
        byte[] packet = join(
                bytes(0x40 | header / 4, 0),
                u16(header + payload.length),
                u16(0x1234),
                u16(fragment),
                bytes(ttl, protocol, 0, 0),
                from.bytes(),
                to.bytes(),
                options,
                payload);
        int sum = checksum(packet, 0, header);
        packet[10] = (byte) (sum >> 8);
        packet[11] = (byte) sum;
        return packet;
    }

    static byte[] ipv6(Ip from, Ip to, int ttl, int protocol, byte[] payload) {
        return join(bytes(0x60, 0, 0, 0), u16(payload.length), bytes(protocol, ttl), from.bytes(), to.bytes(), payload);
    }

    static byte[] udp(int size) {
        byte[] data = new byte[size];
        Arrays.fill(data, (byte) 0x5a);
        return join(u16(40000), u16(53), u16(8 + size), u16(0), data);
    }

    static byte[] echo(Ip from, Ip to) {
        byte[] message = bytes(from.isV4() ? 8 : 128, 0, 0, 0, 0, 7, 0, 1, 'p', 'i', 'n', 'g');
        int sum = from.isV4() ? checksum(message, 0, message.length) : checksum6(from, to, message);
        message[2] = (byte) (sum >> 8);
        message[3] = (byte) sum;
        return message;
    }

    static byte[] arp(int operation, Mac senderMac, Ip sender, Ip target) {
        return join(
                bytes(0, 1, 8, 0, 6, 4),
                u16(operation),
                senderMac.bytes(),
                sender.bytes(),
                new byte[6],
                target.bytes());
    }

    /** A neighbour solicitation with the sender's link-layer address as option. */
    static byte[] solicitation(Ip from, Ip to, Ip target, Mac mac) {
        byte[] message = join(bytes(135, 0, 0, 0, 0, 0, 0, 0), target.bytes(), bytes(1, 1), mac.bytes());
        int sum = checksum6(from, to, message);
        message[2] = (byte) (sum >> 8);
        message[3] = (byte) sum;
        return ipv6(from, to, 255, ICMPV6, message);
    }

    static byte[] slice(byte[] from, int start, int end) {
        return Arrays.copyOfRange(from, start, end);
    }

    static byte[] with(byte[] frame, int at, int value) {
        byte[] changed = frame.clone();
        changed[at] = (byte) value;
        return changed;
    }

    /** What a checksum over these bytes has to be; 0 when it is among them and right. */
    static int checksum(byte[] bytes, int start, int end) {
        long sum = 0;
        ByteBuffer buffer = ByteBuffer.wrap(Arrays.copyOf(slice(bytes, start, end), (end - start + 1) / 2 * 2));
        while (buffer.hasRemaining()) {
            sum += buffer.getShort() & 0xffff;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) ~sum & 0xffff;
    }

    /** As checksum, of an ICMPv6 message with its pseudo header. */
    static int checksum6(Ip from, Ip to, byte[] message) {
        byte[] all = join(from.bytes(), to.bytes(), bytes(0, 0), u16(message.length), bytes(0, 0, 0, ICMPV6), message);
        return checksum(all, 0, all.length);
    }
}
