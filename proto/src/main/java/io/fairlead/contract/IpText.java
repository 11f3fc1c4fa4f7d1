package io.fairlead.contract;

import java.util.Arrays;

/** Textual addresses, both ways: RFC 4291 section 2.2 in, RFC 5952 out. */
final class IpText {
    private IpText() {}

    static byte[] parse(String text) {
        byte[] bytes = text.indexOf(':') >= 0 ? parseV6(text) : parseV4(text);
        if (bytes.length == 0) {
            throw new IllegalArgumentException(
                    "address: \"" + text + "\" (expected: an IPv4 or IPv6 address such as 10.0.0.1 or fd00::1)");
        }
        return bytes;
    }

    static String format(Ip ip) {
        if (ip.isV4()) {
            long n = ip.low();
            return (n >>> 24) + "." + (n >>> 16 & 0xff) + "." + (n >>> 8 & 0xff) + "." + (n & 0xff);
        }
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (int) ((i < 4 ? ip.high() : ip.low()) >>> (48 - 16 * (i % 4))) & 0xffff;
        }
        return formatGroups(groups);
    }

    private static final byte[] NONE = {};

    private static byte[] parseV4(String text) {
        byte[] bytes = new byte[4];
        int part = 0;
        int at = 0;
        while (part < 4) {
            int end = text.indexOf('.', at);
            end = end < 0 ? text.length() : end;
            int value = decimalByte(text, at, end);
            if (value < 0 || (end == text.length()) != (part == 3)) {
                return NONE;
            }
            bytes[part++] = (byte) value;
            at = end + 1;
        }
        return bytes;
    }

    /** The number 0 to 255 written without leading zeros, or -1. */
    private static int decimalByte(String text, int from, int to) {
        int length = to - from;
        if (length < 1 || length > 3 || (length > 1 && text.charAt(from) == '0')) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value <= 255 ? value : -1;
    }

    private static byte[] parseV6(String text) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            byte[] all = groups(text);
            return all.length == 16 ? all : NONE;
        }
        if (text.indexOf("::", gap + 1) >= 0) {
            return NONE;
        }
        String before = text.substring(0, gap);
        String after = text.substring(gap + 2);
        byte[] head = groups(before);
        byte[] tail = groups(after);
        boolean bad = (head.length == 0 && !before.isEmpty()) || (tail.length == 0 && !after.isEmpty());
        // "::" stands for at least one group; an embedded dotted quad can only come last
        if (bad || head.length + tail.length > 14 || before.indexOf('.') >= 0) {
            return NONE;
        }
        byte[] bytes = Arrays.copyOf(head, 16);
        System.arraycopy(tail, 0, bytes, 16 - tail.length, tail.length);
        return bytes;
    }

    /** Colon-separated groups, the last of which may be a dotted quad; empty when malformed. */
    private static byte[] groups(String text) {
        byte[] bytes = new byte[18];
        int length = 0;
        int at = 0;
        while (at < text.length() && length < 16) {
            int end = text.indexOf(':', at);
            boolean last = end < 0;
            String group = text.substring(at, last ? text.length() : end);
            if (last && group.indexOf('.') >= 0) {
                byte[] quad = parseV4(group);
                if (quad.length == 0 || length > 12) {
                    return NONE;
                }
                System.arraycopy(quad, 0, bytes, length, 4);
                return Arrays.copyOf(bytes, length + 4);
            }
            int value = hexGroup(group);
            if (value < 0) {
                return NONE;
            }
            bytes[length++] = (byte) (value >>> 8);
            bytes[length++] = (byte) value;
            if (last) {
                return Arrays.copyOf(bytes, length);
            }
            at = end + 1;
        }
        return NONE;
    }

    private static int hexGroup(String group) {
        if (group.isEmpty() || group.length() > 4) {
            return -1;
        }
        int value = 0;
        for (int i = 0; i < group.length(); i++) {
            char c = group.charAt(i);
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
    private static String formatGroups(int[] groups) {
        int runAt = -1;
        int runLength = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > runLength) {
                runAt = i;
                runLength = end - i;
            }
            i = Math.max(i, end);
        }
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < 8; i++) {
            if (i == runAt) {
                text.append("::");
                i += runLength - 1;
                continue;
            }
            if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }
}
