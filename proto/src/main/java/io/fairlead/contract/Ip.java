package io.fairlead.contract;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An IPv4 or IPv6 address.
 *
 * <p>The 128 bits are held in two longs, most significant first; an IPv4 address is in the lowest 32 bits of {@code
 * low}. IPv4 sorts before IPv6, addresses of one family by number.
 *
 * @param family which of the two it is
 * @param high the first eight bytes of an IPv6 address, 0 for IPv4
 * @param low the last eight bytes of an IPv6 address, or the IPv4 address as an unsigned number
 */
public record Ip(Family family, long high, long low) implements Comparable<Ip> {
    /** The two address families. */
    public enum Family {
        /** 32 bits. */
        V4(32),
        /** 128 bits. */
        V6(128);

        private final int bits;

        Family(int bits) {
            this.bits = bits;
        }

        /** Length of an address of this family, in bits. */
        public int bits() {
            return bits;
        }
    }

    public Ip {
        if (family == Family.V4 && (high != 0 || low >>> 32 != 0)) {
            throw new IllegalArgumentException("IPv4 address: more than 32 bits (expected: 0 to 0xffffffff)");
        }
    }

    /** As {@link Cidr}, written out because it is asked so often. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Ip ip && low == ip.low && high == ip.high && family == ip.family;
    }

    @Override
    public int hashCode() {
        return (int) (low ^ low >>> 32) * 31 + (int) (high ^ high >>> 32) + family.bits();
    }

    /** The IPv4 address with this number, {@code 0x0a000001} being 10.0.0.1. */
    public static Ip v4(int bits) {
        return new Ip(Family.V4, 0, Integer.toUnsignedLong(bits));
    }

    /** The IPv6 address with these bits, most significant first. */
    public static Ip v6(long high, long low) {
        return new Ip(Family.V6, high, low);
    }

    /**
     * The address in network byte order.
     *
     * @throws IllegalArgumentException unless there are 4 or 16 bytes
     */
    public static Ip of(byte[] bytes) {
        return switch (bytes.length) {
            case 4 -> new Ip(Family.V4, 0, number(bytes, 0, 4));
            case 16 -> new Ip(Family.V6, number(bytes, 0, 8), number(bytes, 8, 8));
            default -> throw new IllegalArgumentException("address: " + bytes.length + " bytes (expected: 4 or 16)");
        };
    }

    /**
     * Reads a textual address: dotted quad without leading zeros, or RFC 4291 section 2.2 text. Never asks a name server.
     *
     * @throws IllegalArgumentException naming the text when it is no address
     */
    public static Ip parse(String text) {
        byte[] bytes = IpText.parse(text);
        return of(bytes);
    }

    /** The address in network byte order: 4 or 16 bytes. */
    public byte[] bytes() {
        byte[] bytes = new byte[family.bits() / 8];
        for (int i = 0; i < bytes.length; i++) {
            int fromEnd = bytes.length - 1 - i;
            bytes[i] = (byte) ((fromEnd >= 8 ? high : low) >>> (8 * (fromEnd % 8)));
        }
        return bytes;
    }

    /** The IPv4 address as a number; meaningless for IPv6. */
    public int v4Bits() {
        return (int) low;
    }

    public boolean isV4() {
        return family == Family.V4;
    }

    /** The prefix that holds only this address. */
    public Cidr toCidr() {
        return new Cidr(this, family.bits());
    }

    /**
     * The address {@code offset} further on.
     *
     * @param offset how far, negative for backwards
     * @throws ArithmeticException when that leaves the family's address space
     */
    public Ip plus(long offset) {
        long newLow = low + offset;
        if (family == Family.V4) {
            if (newLow < 0 || newLow >>> 32 != 0) {
                throw new ArithmeticException(this + " plus " + offset + " is no IPv4 address");
            }
            return new Ip(family, 0, newLow);
        }
        boolean carry = offset >= 0 ? Long.compareUnsigned(newLow, low) < 0 : Long.compareUnsigned(newLow, low) > 0;
        long newHigh = carry ? high + Long.signum(offset) : high;
        if (carry && (offset > 0 ? newHigh == 0 : newHigh == -1)) {
            throw new ArithmeticException(this + " plus " + offset + " is no IPv6 address");
        }
        return new Ip(family, newHigh, newLow);
    }

    /** An address the kernel can send to: not unspecified, loopback, multicast or the IPv4 broadcast. */
    public boolean isUnicast() {
        if (family == Family.V4) {
            long first = low >>> 24;
            return first != 0 && first != 127 && first < 224;
        }
        return high >>> 56 != 0xff && !(high == 0 && (low == 0 || low == 1));
    }

    /** The address as the platform's type, for sockets. */
    public InetAddress toInetAddress() {
        try {
            // the general method turns ::ffff:0:0/96 into IPv4 addresses
            return isV4() ? InetAddress.getByAddress(bytes()) : Inet6Address.getByAddress(null, bytes(), -1);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 and 16 bytes always make an address", e);
        }
    }

    @Override
    public int compareTo(Ip other) {
        if (family != other.family) {
            return family.compareTo(other.family);
        }
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    /** Dotted quad, or RFC 5952 text for IPv6. */
    @Override
    public String toString() {
        return IpText.format(this);
    }

    private static long number(byte[] bytes, int from, int length) {
        long value = 0;
        for (int i = from; i < from + length; i++) {
            value = value << 8 | (bytes[i] & 0xff);
        }
        return value;
    }
}
