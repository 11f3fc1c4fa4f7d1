package io.fairlead.node.kernel.netlink;

import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes requests one behind the other into a buffer (linux/netlink.h; numbers native, addresses in network order).
 *
 * <p>Not thread-safe. Throws {@link java.nio.BufferOverflowException} when the buffer is full.
 */
public final class NlmsgWriter {
    private static final int NESTED = 0x8000;

    private final ByteBuffer buffer;
    private int message = -1;

    /** @param buffer where messages go, from its position on */
    public NlmsgWriter(ByteBuffer buffer) {
        this.buffer = buffer.order(ByteOrder.nativeOrder());
    }

    /**
     * Starts a message.
     *
     * @param type such as RTM_NEWROUTE
     * @param flags beside NLM_F_REQUEST
     */
    public NlmsgWriter begin(int type, int flags) {
        message = buffer.position();
        buffer.putInt(0).putShort((short) type).putShort((short) (flags | Rtm.NLM_F_REQUEST));
        buffer.putInt(0).putInt(0);
        return this;
    }

    /** A byte of the family's header. */
    public NlmsgWriter u8(int number) {
        buffer.put((byte) number);
        return this;
    }

    /** Two bytes of the family's header. */
    public NlmsgWriter u16(int number) {
        buffer.putShort((short) number);
        return this;
    }

    /** Four bytes of the family's header. */
    public NlmsgWriter u32(int number) {
        buffer.putInt(number);
        return this;
    }

    /** An attribute of one byte. */
    public NlmsgWriter attrU8(int type, int number) {
        header(type, 1);
        buffer.putInt(buffer.order() == ByteOrder.BIG_ENDIAN ? number << 24 : number & 0xff);
        return this;
    }

    /** An attribute of four bytes. */
    public NlmsgWriter attr(int type, int number) {
        header(type, 4);
        buffer.putInt(number);
        return this;
    }

    public NlmsgWriter attr(int type, Ip address) {
        if (address.isV4()) {
            header(type, 4);
            buffer.putInt(network(address.v4Bits()));
        } else {
            header(type, 16);
            buffer.putLong(network(address.high())).putLong(network(address.low()));
        }
        return this;
    }

    public NlmsgWriter attr(int type, Mac address) {
        header(type, 6);
        buffer.put(address.bytes()).putShort((short) 0);
        return this;
    }

    /** An attribute of text, ended by a zero byte as the kernel's NLA_NUL_STRING wants. */
    public NlmsgWriter attr(int type, String text) {
        bytes(type, text, 1);
        return this;
    }

    /** An attribute of text without an ending zero, as iproute2 sends a device's kind. */
    public NlmsgWriter attrUnterminated(int type, String text) {
        bytes(type, text, 0);
        return this;
    }

    /** Starts an attribute that holds attributes; give the result to {@link #endNest}. */
    public int nest(int type) {
        int start = buffer.position();
        header(type, 0);
        return start;
    }

    /** Like {@link #nest}, with the flag NLA_F_NESTED that newer families want. */
    public int nestFlagged(int type) {
        return nest(type | NESTED);
    }

    /** Ends the attribute that {@link #nest} started. */
    public NlmsgWriter endNest(int start) {
        buffer.putShort(start, (short) (buffer.position() - start));
        return this;
    }

    /** Ends the message. */
    void end(int sequence) {
        buffer.putInt(message, buffer.position() - message);
        buffer.putInt(message + 8, sequence);
    }

    /** Adds flags to the last message. */
    void flag(int flags) {
        buffer.putShort(message + 6, (short) (buffer.getShort(message + 6) | flags));
    }

    void clear() {
        buffer.clear();
    }

    int position() {
        return buffer.position();
    }

    void truncate(int position) {
        buffer.position(position);
    }

    int remaining() {
        return buffer.remaining();
    }

    ByteBuffer buffer() {
        return buffer;
    }

    private void header(int type, int length) {
        buffer.putShort((short) (4 + length)).putShort((short) type);
    }

    private void bytes(int type, String text, int zeros) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = bytes.length + zeros;
        header(type, length);
        buffer.put(bytes);
        for (int i = bytes.length; i < Nlmsg.align(length); i++) {
            buffer.put((byte) 0);
        }
    }

    private int network(int number) {
        return buffer.order() == ByteOrder.BIG_ENDIAN ? number : Integer.reverseBytes(number);
    }

    private long network(long number) {
        return buffer.order() == ByteOrder.BIG_ENDIAN ? number : Long.reverseBytes(number);
    }
}
