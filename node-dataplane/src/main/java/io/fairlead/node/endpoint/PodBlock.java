package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.regex.Pattern;

/**
 * A block of addresses this node gives to its pods.
 *
 * @param cidr the addresses; its network's and broadcast's are given to nobody
 * @param pool name of the pool it is from
 */
public record PodBlock(Cidr cidr, String pool) {
    /** The pool of pods nothing else was said for. */
    public static final String DEFAULT_POOL = "default";

    private static final int MIN_HOST_BITS = 2;
    private static final Pattern POOL = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");

    public PodBlock {
        requirePool(pool);
        if (cidr.family().bits() - cidr.prefixLength() < MIN_HOST_BITS) {
            throw new IllegalArgumentException(
                    "pod CIDR: " + cidr + " (expected: room for a router and a pod, such as 10.244.2.0/24)");
        }
    }

    /** A block of the default pool. */
    public PodBlock(Cidr cidr) {
        this(cidr, DEFAULT_POOL);
    }

    /**
     * The name of a pool, checked.
     *
     * @throws IllegalArgumentException when no pool can be called so
     */
    public static String requirePool(String name) {
        if (!POOL.matcher(name).matches()) {
            throw new IllegalArgumentException("IP pool: \"" + name
                    + "\" (expected: at most 63 small letters, digits, '-' and '.', a letter or digit first and last)");
        }
        return name;
    }

    /** True for every address but the network's and the broadcast's. */
    public boolean usable(Ip ip) {
        return cidr.contains(ip) && !ip.equals(cidr.address()) && !ip.equals(cidr.last());
    }
}
