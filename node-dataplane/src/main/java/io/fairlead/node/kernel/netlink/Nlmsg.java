package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.FailureKind;
import io.fairlead.node.kernel.KernelException;
import java.nio.ByteBuffer;

/**
 * Walks over the netlink messages of one datagram (linux/netlink.h, native byte order).
 *
 * <p>A message is valid until the next one is asked for. Not thread-safe. Bytes that are no message give a {@link
 * KernelException} without an errno.
 */
public final class Nlmsg {
    static final int HEADER = 16;

    private final ByteBuffer buffer;
    private final int limit;
    private int start;
    private int nextStart;
    private int end;

    /** @param buffer a datagram, read from its first byte to its limit */
    public Nlmsg(ByteBuffer buffer) {
        this.buffer = buffer;
        this.limit = buffer.limit();
    }

    /** Steps to the next message; false at the end of the datagram. */
    public boolean next() {
        if (nextStart >= limit) {
            return false;
        }
        start = nextStart;
        if (limit - start < HEADER) {
            throw malformed("message at byte " + start, (limit - start) + " bytes", HEADER + " at least");
        }
        int length = buffer.getInt(start);
        if (length < HEADER || length > limit - start) {
            throw malformed("message length", Integer.toString(length), HEADER + " to " + (limit - start));
        }
        end = start + length;
        nextStart = start + align(length);
        return true;
    }

    public int type() {
        return Short.toUnsignedInt(buffer.getShort(start + 4));
    }

    public int flags() {
        return Short.toUnsignedInt(buffer.getShort(start + 6));
    }

    public int sequence() {
        return buffer.getInt(start + 8);
    }

    /** Port id of the socket whose request caused the message, 0 when none did. */
    public int portId() {
        return buffer.getInt(start + 12);
    }

    /** Length of what follows the netlink header, in bytes. */
    public int bodyLength() {
        return end - start - HEADER;
    }

    /** The byte at an offset into the body. */
    public int u8(int offset) {
        return Byte.toUnsignedInt(buffer.get(at(offset, 1)));
    }

    /** The 16-bit number at an offset into the body. */
    public int u16(int offset) {
        return Short.toUnsignedInt(buffer.getShort(at(offset, 2)));
    }

    /** The 32-bit number at an offset into the body. */
    public int s32(int offset) {
        return buffer.getInt(at(offset, 4));
    }

    /** The attributes that follow the family's header of so many bytes. */
    public Attr attributes(int headerLength) {
        int from = start + HEADER + align(headerLength);
        if (from > end) {
            throw malformed("message of type " + type(), bodyLength() + " bytes", headerLength + " at least");
        }
        return new Attr(buffer, from, end);
    }

    static int align(int length) {
        return (length + 3) & ~3;
    }

    static KernelException malformed(String what, String value, String expected) {
        return new KernelException("netlink " + what, 0, value + " (expected: " + expected + ")", FailureKind.GIVE_UP);
    }

    private int at(int offset, int size) {
        int position = start + HEADER + offset;
        if (position + size > end) {
            throw malformed("message of type " + type(), bodyLength() + " bytes", (offset + size) + " at least");
        }
        return position;
    }
}
