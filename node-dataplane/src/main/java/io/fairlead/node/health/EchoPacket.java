package io.fairlead.node.health;

import io.fairlead.contract.Ip;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** ICMP echo messages (RFC 792, RFC 4443) that carry a number of ours, by which an answer is known. */
final class EchoPacket {
    /** Bytes of a message. */
    static final int LENGTH = 16;

    private static final int HEADER = 8;
    private static final int V4_REQUEST = 8;
    private static final int V4_REPLY = 0;
    private static final int V6_REQUEST = 128;
    private static final int V6_REPLY = 129;
    private static final int LEAST_IPV4_HEADER = 20;

    private EchoPacket() {}

    /** Fills a request into a buffer from its start; the kernel completes the checksum of IPv6's. */
    static void request(Ip.Family family, int identifier, long token, ByteBuffer into) {
        into.clear().order(ByteOrder.BIG_ENDIAN);
        into.put((byte) (family == Ip.Family.V4 ? V4_REQUEST : V6_REQUEST)).put((byte) 0);
        into.putShort((short) 0)
                .putShort((short) identifier)
                .putShort((short) token)
                .putLong(token);
        if (family == Ip.Family.V4) {
            into.putShort(2, checksum(into));
        }
        into.flip();
    }

    /**
     * The number in an answer to a request with this identifier.
     *
     * @param packet what a raw socket gives, from its position to its limit: with the IP header for IPv4, without for IPv6
     * @return empty for anything else
     */
    static Optional<Long> reply(Ip.Family family, int identifier, ByteBuffer packet) {
        ByteBuffer message = packet.slice().order(ByteOrder.BIG_ENDIAN);
        if (family == Ip.Family.V4) {
            int header = message.remaining() < LEAST_IPV4_HEADER ? 0 : (message.get(0) & 0xf) * 4;
            if (header < LEAST_IPV4_HEADER || message.remaining() < header) {
                return Optional.empty();
            }
            message = message.slice(header, message.remaining() - header).order(ByteOrder.BIG_ENDIAN);
        }
        int type = family == Ip.Family.V4 ? V4_REPLY : V6_REPLY;
        boolean ours = message.remaining() == LENGTH
                && (message.get(0) & 0xff) == type
                && message.get(1) == 0
                && message.getShort(4) == (short) identifier;
        return ours ? Optional.of(message.getLong(HEADER)) : Optional.empty();
    }

    private static short checksum(ByteBuffer message) {
        int sum = 0;
        for (int i = 0; i < LENGTH; i += 2) {
            sum += message.getShort(i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        sum += sum >>> 16;
        return (short) ~sum;
    }
}
