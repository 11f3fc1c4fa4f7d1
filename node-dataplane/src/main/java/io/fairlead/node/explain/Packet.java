package io.fairlead.node.explain;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The first packet of a connection: a TCP SYN, a UDP datagram, an echo request or an SCTP INIT. Without options or
 * fragments.
 *
 * @param source address
 * @param destination address, of the same family
 * @param protocol what it carries
 * @param sourcePort 0 to 65535; the identifier of an echo
 * @param destinationPort 0 to 65535; 0 of an echo
 * @param ttl hops it may still make, 0 to 255
 */
public record Packet(Ip source, Ip destination, Protocol protocol, int sourcePort, int destinationPort, int ttl) {
    private static final int ETHERNET = 14;
    private static final int IPV4 = 20;
    private static final int IPV6 = 40;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int SYN = 0x02;
    private static final int INIT = 1;
    private static final int INIT_LENGTH = 20;

    public Packet {
        if (source.family() != destination.family()) {
            throw new IllegalArgumentException(
                    "addresses: " + source + " and " + destination + " (expected: of one family)");
        }
        if (protocol == (source.isV4() ? Protocol.ICMPV6 : Protocol.ICMP)) {
            throw new IllegalArgumentException("protocol: " + protocol + " from " + source
                    + " (expected: ICMP with IPv4, ICMPv6 with IPv6 addresses)");
        }
        check("source port", sourcePort, 65535);
        check("port", destinationPort, 65535);
        check("TTL", ttl, 255);
    }

    private static void check(String what, int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException(what + ": " + value + " (expected: 0 to " + most + ")");
        }
    }

    /** The same after one hop. */
    Packet hop() {
        return new Packet(source, destination, protocol, sourcePort, destinationPort, Math.max(0, ttl - 1));
    }

    /** The same from another sender. */
    Packet from(Ip address, int port) {
        return new Packet(address, destination, protocol, port, destinationPort, ttl);
    }

    /** The same for another receiver. */
    Packet to(Ip address, int port) {
        return new Packet(source, address, protocol, sourcePort, protocol.hasPorts() ? port : destinationPort, ttl);
    }

    /** "10.0.0.1:40000 -> 10.0.0.2:80 TCP SYN, TTL 64". */
    String text() {
        return end(source, sourcePort) + " -> " + end(destination, destinationPort) + " " + protocol.packet() + ", TTL "
                + ttl;
    }

    private String end(Ip ip, int port) {
        if (!protocol.hasPorts()) {
            return ip.toString();
        }
        return (ip.isV4() ? ip.toString() : "[" + ip + "]") + ":" + port;
    }

    /** The frame of the packet. */
    byte[] frame(Mac from, Mac to) {
        byte[] packet = bytes();
        return ByteBuffer.allocate(ETHERNET + packet.length)
                .put(to.bytes())
                .put(from.bytes())
                .putShort((short) (source.isV4() ? 0x0800 : 0x86dd))
                .put(packet)
                .array();
    }

    /** From the IP header on, with right checksums. */
    public byte[] bytes() {
        byte[] payload = payload();
        if (!source.isV4()) {
            return ByteBuffer.allocate(IPV6 + payload.length)
                    .putInt(6 << 28)
                    .putShort((short) payload.length)
                    .put((byte) protocol.number())
                    .put((byte) ttl)
                    .put(source.bytes())
                    .put(destination.bytes())
                    .put(payload)
                    .array();
        }
        byte[] packet = new byte[IPV4 + payload.length];
        ByteBuffer.wrap(packet)
                .put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) packet.length)
                .putShort((short) 0)
                .putShort((short) DONT_FRAGMENT)
                .put((byte) ttl)
                .put((byte) protocol.number())
                .putShort((short) 0)
                .put(source.bytes())
                .put(destination.bytes())
                .put(payload);
        ByteBuffer.wrap(packet).putShort(10, (short) checksum(Arrays.copyOf(packet, IPV4), 0));
        return packet;
    }

    private byte[] payload() {
        return switch (protocol) {
            case TCP -> {
                byte[] tcp = new byte[20];
                ports(tcp).putInt(1).putInt(0).put((byte) 0x50).put((byte) SYN).putShort((short) 65535);
                yield summed(tcp, 16);
            }
            case UDP -> {
                byte[] udp = new byte[8];
                ports(udp).putShort((short) udp.length);
                yield summed(udp, 6);
            }
            case ICMP, ICMPV6 -> {
                byte[] echo = new byte[8];
                echo[0] = (byte) (protocol == Protocol.ICMP ? 8 : 128);
                ByteBuffer.wrap(echo).putShort(4, (short) sourcePort).putShort(6, (short) 1);
                yield summed(echo, 2);
            }
            case SCTP -> sctp();
        };
    }

    /** RFC 9260: common header, then an INIT chunk; the checksum is CRC32c, its lowest byte first. */
    private byte[] sctp() {
        byte[] init = new byte[12 + INIT_LENGTH];
        ports(init)
                .putInt(0)
                .putInt(0)
                .put((byte) INIT)
                .put((byte) 0)
                .putShort((short) INIT_LENGTH)
                .putInt(1)
                .putInt(65535)
                .putShort((short) 1)
                .putShort((short) 1)
                .putInt(1);
        CRC32C crc = new CRC32C();
        crc.update(init);
        ByteBuffer.wrap(init).putInt(8, Integer.reverseBytes((int) crc.getValue()));
        return init;
    }

    private ByteBuffer ports(byte[] payload) {
        return ByteBuffer.wrap(payload).putShort((short) sourcePort).putShort((short) destinationPort);
    }

    /** Puts the Internet checksum (RFC 1071) at an offset; all but ICMP sum the addresses too. */
    private byte[] summed(byte[] payload, int offset) {
        int start = 0;
        if (protocol != Protocol.ICMP) {
            start = sum(source.bytes(), sum(destination.bytes(), payload.length + protocol.number()));
        }
        int checksum = checksum(payload, start);
        boolean zero = protocol == Protocol.UDP && checksum == 0;
        ByteBuffer.wrap(payload).putShort(offset, (short) (zero ? 0xffff : checksum));
        return payload;
    }

    private static int checksum(byte[] bytes, int start) {
        return ~sum(bytes, start) & 0xffff;
    }

    private static int sum(byte[] bytes, int start) {
        int sum = start;
        for (int i = 0; i + 1 < bytes.length; i += 2) {
            sum += ((bytes[i] & 0xff) << 8) + (bytes[i + 1] & 0xff);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    /**
     * Reads a packet that {@link #bytes} made: any other is refused.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static Packet parse(byte[] bytes) {
        boolean v4 = bytes.length > IPV4 && bytes[0] == 0x45;
        boolean v6 = bytes.length > IPV6 && bytes[0] == 0x60;
        int header = v4 ? IPV4 : IPV6;
        if (!(v4 || v6) || bytes.length < header + 8) {
            throw refused(bytes.length + " bytes");
        }
        int number = bytes[v4 ? 9 : 6] & 0xff;
        Protocol protocol = Protocol.of(number).orElseThrow(() -> refused("protocol " + number));
        int address = v4 ? 12 : 8;
        int size = v4 ? 4 : 16;
        ByteBuffer ports = ByteBuffer.wrap(bytes, header, bytes.length - header);
        int first = header + (protocol.hasPorts() ? 0 : 4);
        Packet packet = new Packet(
                Ip.of(Arrays.copyOfRange(bytes, address, address + size)),
                Ip.of(Arrays.copyOfRange(bytes, address + size, address + 2 * size)),
                protocol,
                ports.getShort(first) & 0xffff,
                protocol.hasPorts() ? ports.getShort(first + 2) & 0xffff : 0,
                bytes[v4 ? 8 : 7] & 0xff);
        if (!Arrays.equals(packet.bytes(), bytes)) {
            throw refused("one with other headers or checksums");
        }
        return packet;
    }

    private static IllegalArgumentException refused(String what) {
        return new IllegalArgumentException("packet: " + what
                + " (expected: a TCP SYN, UDP datagram, echo request or SCTP INIT from its IP header on, as an agent"
                + " makes it)");
    }
}
