package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Walks over the attributes of a message or of a nest (struct rtattr; numbers native, addresses in network order).
 *
 * <p>Not thread-safe; valid as long as the message is. A length that does not fit gives a {@link
 * io.fairlead.node.kernel.KernelException} without an errno.
 */
public final class Attr {
    private static final int HEADER = 4;
    private static final int TYPE_MASK = 0x3fff;

    private final ByteBuffer buffer;
    private final int end;
    private int nextStart;
    private int type;
    private int value;
    private int length;

    Attr(ByteBuffer buffer, int from, int end) {
        this.buffer = buffer;
        this.nextStart = from;
        this.end = end;
    }

    /** Steps to the next attribute; false behind the last. */
    public boolean next() {
        if (nextStart >= end) {
            return false;
        }
        int left = end - nextStart;
        if (left < HEADER) {
            throw Nlmsg.malformed("attribute", left + " bytes", HEADER + " at least");
        }
        int total = Short.toUnsignedInt(buffer.getShort(nextStart));
        type = buffer.getShort(nextStart + 2) & TYPE_MASK;
        if (total < HEADER || total > left) {
            throw Nlmsg.malformed("attribute " + type + " length", Integer.toString(total), HEADER + " to " + left);
        }
        value = nextStart + HEADER;
        length = total - HEADER;
        nextStart += Nlmsg.align(total);
        return true;
    }

    /** Number of the attribute, without the flags for nests and byte order. */
    public int type() {
        return type;
    }

    public int u8() {
        return Byte.toUnsignedInt(buffer.get(sized(1)));
    }

    public int u16() {
        return Short.toUnsignedInt(buffer.getShort(sized(2)));
    }

    public int s32() {
        return buffer.getInt(sized(4));
    }

    /** The value as text, without the zero that ends it. */
    public String text() {
        int size = length;
        while (size > 0 && buffer.get(value + size - 1) == 0) {
            size--;
        }
        byte[] bytes = new byte[size];
        buffer.get(value, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The value as an address of four or sixteen bytes. */
    public Ip ip() {
        if (length == 4) {
            return Ip.v4(network32(value));
        }
        sized(16);
        return Ip.v6(network64(value), network64(value + 8));
    }

    /** The value as an Ethernet address. */
    public Mac mac() {
        int at = sized(6);
        byte[] bytes = new byte[6];
        buffer.get(at, bytes);
        return Mac.of(bytes);
    }

    /** Length of the value, in bytes. */
    public int length() {
        return length;
    }

    /** The attributes inside this one. */
    public Attr nested() {
        return new Attr(buffer, value, value + length);
    }

    private int sized(int expected) {
        if (length != expected) {
            throw Nlmsg.malformed("attribute " + type, length + " bytes", Integer.toString(expected));
        }
        return value;
    }

    private int network32(int at) {
        int number = buffer.getInt(at);
        return buffer.order() == ByteOrder.BIG_ENDIAN ? number : Integer.reverseBytes(number);
    }

    private long network64(int at) {
        long number = buffer.getLong(at);
        return buffer.order() == ByteOrder.BIG_ENDIAN ? number : Long.reverseBytes(number);
    }
}
