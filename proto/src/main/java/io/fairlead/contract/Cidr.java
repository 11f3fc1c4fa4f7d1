package io.fairlead.contract;

/**
 * A prefix of addresses, canonical: no bit is set behind the prefix.
 *
 * @param address the first address
 * @param prefixLength leading bits all its addresses share, 0 to 32 or 128
 */
public record Cidr(Ip address, int prefixLength) implements Comparable<Cidr> {
    public Cidr {
        int bits = address.family().bits();
        if (prefixLength < 0 || prefixLength > bits) {
            throw new IllegalArgumentException(
                    "prefix length: " + prefixLength + " (expected: 0 to " + bits + " for " + address + ")");
        }
        if (!isPrefixOf(address, prefixLength, address)) {
            throw new IllegalArgumentException("CIDR: " + address + "/" + prefixLength + " (expected: "
                    + mask(address, prefixLength) + "/" + prefixLength + ", no bits behind the prefix)");
        }
    }

    /** The prefix of this length that an address is in. */
    public static Cidr containing(Ip address, int prefixLength) {
        return new Cidr(mask(address, prefixLength), prefixLength);
    }

    /**
     * Reads "address/length"; a bare address is the prefix of that address alone.
     *
     * @throws IllegalArgumentException naming the text when it is no canonical prefix
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return Ip.parse(text).toCidr();
        }
        int length = length(text, slash + 1);
        if (length < 0) {
            throw new IllegalArgumentException(
                    "CIDR: \"" + text + "\" (expected: address/length such as 10.244.0.0/16)");
        }
        return new Cidr(Ip.parse(text.substring(0, slash)), length);
    }

    /** The number of up to three digits, without leading zeros, that a text ends with; or -1. */
    private static int length(String text, int from) {
        int digits = text.length() - from;
        if (digits < 1 || digits > 3 || (digits > 1 && text.charAt(from) == '0')) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    public Ip.Family family() {
        return address.family();
    }

    // Tables of tens of thousands of prefixes are compared on every change: what the compiler makes of a record is
    // several times slower before it is compiled with full optimisation, which the agent's virtual machine never does.
    @Override
    public boolean equals(Object other) {
        return other instanceof Cidr cidr && prefixLength == cidr.prefixLength && address.equals(cidr.address);
    }

    @Override
    public int hashCode() {
        return 31 * address.hashCode() + prefixLength;
    }

    /** True when the prefix holds only one address. */
    public boolean isHost() {
        return prefixLength == address.family().bits();
    }

    /** The last address, all bits behind the prefix set. */
    public Ip last() {
        int free = address.family().bits() - prefixLength;
        long low = free >= 64 ? -1L : address.low() | (free == 0 ? 0 : -1L >>> (64 - free));
        long high = free <= 64 ? address.high() : address.high() | (-1L >>> (128 - free));
        return address.isV4() ? new Ip(Ip.Family.V4, 0, low & 0xffffffffL) : Ip.v6(high, low);
    }

    public boolean contains(Ip ip) {
        return ip.family() == family() && isPrefixOf(address, prefixLength, ip);
    }

    public boolean contains(Cidr other) {
        return other.prefixLength >= prefixLength && contains(other.address);
    }

    /** True when they share an address: one contains the other. */
    public boolean overlaps(Cidr other) {
        return contains(other) || other.contains(this);
    }

    /** By first address, then the wider prefix first. */
    @Override
    public int compareTo(Cidr other) {
        int byAddress = address.compareTo(other.address);
        return byAddress != 0 ? byAddress : Integer.compare(prefixLength, other.prefixLength);
    }

    @Override
    public String toString() {
        return address + "/" + prefixLength;
    }

    private static Ip mask(Ip ip, int prefixLength) {
        if (ip.isV4()) {
            return new Ip(Ip.Family.V4, 0, ip.low() & mask4(prefixLength));
        }
        return Ip.v6(ip.high() & highMask(prefixLength), ip.low() & lowMask(prefixLength));
    }

    /** Whether an address of the same family has these first bits, and the prefix no others; makes no objects. */
    private static boolean isPrefixOf(Ip prefix, int length, Ip ip) {
        if (ip.isV4()) {
            return prefix.low() == (ip.low() & mask4(length));
        }
        return prefix.high() == (ip.high() & highMask(length)) && prefix.low() == (ip.low() & lowMask(length));
    }

    private static long mask4(int length) {
        return length <= 0 ? 0 : (0xffffffffL << (32 - Math.min(length, 32))) & 0xffffffffL;
    }

    private static long highMask(int length) {
        return length <= 0 ? 0 : length >= 64 ? -1L : -1L << (64 - length);
    }

    private static long lowMask(int length) {
        return length <= 64 ? 0 : length >= 128 ? -1L : -1L << (128 - length);
    }
}
