package io.fairlead.contract;

import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param bits the six bytes as a number, first byte most significant
 */
public record Mac(long bits) implements Comparable<Mac> {
    public Mac {
        if (bits >>> 48 != 0) {
            throw new IllegalArgumentException(
                    "MAC address: 0x" + Long.toHexString(bits) + " (expected: 48 bits at most)");
        }
    }

    /**
     * The address in the order of the wire.
     *
     * @throws IllegalArgumentException unless there are six bytes
     */
    public static Mac of(byte[] bytes) {
        if (bytes.length != 6) {
            throw new IllegalArgumentException("MAC address: " + bytes.length + " bytes (expected: 6)");
        }
        long value = 0;
        for (byte b : bytes) {
            value = value << 8 | (b & 0xff);
        }
        return new Mac(value);
    }

    /**
     * Reads "1e:42:49:8a:4e:bb", in upper or lower case.
     *
     * @throws IllegalArgumentException naming the text when it is no MAC address
     */
    public static Mac parse(String text) {
        if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            throw new IllegalArgumentException(
                    "MAC address: \"" + text + "\" (expected: six hex bytes such as 1e:42:49:8a:4e:bb)");
        }
        return of(HexFormat.ofDelimiter(":").parseHex(text));
    }

    /** The six bytes in the order of the wire. */
    public byte[] bytes() {
        byte[] bytes = new byte[6];
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (bits >>> (8 * (5 - i)));
        }
        return bytes;
    }

    @Override
    public int compareTo(Mac other) {
        return Long.compare(bits, other.bits);
    }

    @Override
    public String toString() {
        return HexFormat.ofDelimiter(":").formatHex(bytes());
    }
}
