package io.fairlead.cli.dissect;

import io.fairlead.contract.Ip;
import java.util.Arrays;

/** Bytes from one place to another. Numbers are in network byte order; places count from the beginning of the slice. */
final class Slice {
    private static final String HEX = "0123456789abcdef";

    private final byte[] data;
    private final int start;
    private final int end;

    private Slice(byte[] data, int start, int end) {
        this.data = data;
        this.start = start;
        this.end = end;
    }

    static Slice of(byte[] data) {
        return new Slice(data, 0, data.length);
    }

    int length() {
        return end - start;
    }

    int u8(int at) {
        if (at < 0 || at >= length()) {
            throw new IndexOutOfBoundsException("byte: " + at + " (expected: below " + length() + ")");
        }
        return data[start + at] & 0xff;
    }

    int u16(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    long u32(int at) {
        return (long) u16(at) << 16 | u16(at + 2);
    }

    /** The bytes before a place; all when there are fewer. */
    Slice first(int count) {
        return new Slice(data, start, start + Math.min(count, length()));
    }

    /** The bytes from a place on; none when there are fewer. */
    Slice from(int at) {
        return new Slice(data, start + Math.min(at, length()), end);
    }

    /** A copy that goes on with zeros up to a length. */
    Slice padded(int size) {
        return of(Arrays.copyOf(Arrays.copyOfRange(data, start, end), size));
    }

    String mac(int at) {
        StringBuilder text = new StringBuilder(17);
        for (int i = 0; i < 6; i++) {
            text.append(i == 0 ? "" : ":");
            hex(text, u8(at + i));
        }
        return text.toString();
    }

    String ip(int at, int size) {
        return Ip.of(Arrays.copyOfRange(data, start + at, start + at + size)).toString();
    }

    /** All bytes, two digits each. */
    String hex() {
        StringBuilder text = new StringBuilder(2 * length());
        for (int i = 0; i < length(); i++) {
            hex(text, u8(i));
        }
        return text.toString();
    }

    private static void hex(StringBuilder text, int value) {
        text.append(HEX.charAt(value >> 4)).append(HEX.charAt(value & 15));
    }
}
