package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * IPv4 CIDRs that are cut into blocks of one size, a block a node.
 *
 * <p>All blocks have one prefix length and are aligned to it, so two of them are the same or share no address: what makes
 * one key a block enough to keep nodes apart. CIDRs may be appended later; the block size may never change.
 *
 * @param cidrs in the order they are used up
 * @param maskSize prefix length of a block
 */
public record ClusterPool(List<Cidr> cidrs, int maskSize) {
    /** Configuration key of the CIDRs, as Cilium has it. */
    public static final String CIDR_KEY = "cluster-pool-ipv4-cidr";
    /** Configuration key of the block size, as Cilium has it. */
    public static final String MASK_SIZE_KEY = "cluster-pool-ipv4-mask-size";

    /** Longest prefix that leaves a pod an address beside network, broadcast and router. */
    private static final int MAX_MASK_SIZE = 30;
    /** Keeps the table of blocks of one CIDR below 2 MiB. */
    private static final int MAX_BLOCK_BITS = 24;

    public ClusterPool {
        cidrs = List.copyOf(cidrs);
        if (cidrs.isEmpty()) {
            throw new IllegalArgumentException(CIDR_KEY + " must be provided when using ClusterPool");
        }
        if (maskSize < 1 || maskSize > MAX_MASK_SIZE) {
            throw new IllegalArgumentException(MASK_SIZE_KEY + ": " + maskSize + " (expected: 1 to " + MAX_MASK_SIZE
                    + ", a block needs room for network, broadcast, router and a pod)");
        }
        for (int i = 0; i < cidrs.size(); i++) {
            check(cidrs.get(i), maskSize);
            for (Cidr before : cidrs.subList(0, i)) {
                if (before.overlaps(cidrs.get(i))) {
                    throw new IllegalArgumentException("requested CIDR " + cidrs.get(i) + " colides with " + before);
                }
            }
        }
    }

    /**
     * Reads the two configuration values.
     *
     * @throws IllegalArgumentException naming the key, the value and what is expected
     */
    public static ClusterPool parse(List<String> cidrs, int maskSize) {
        List<Cidr> parsed = new ArrayList<>();
        for (String text : cidrs) {
            try {
                parsed.add(Cidr.parse(text.strip()));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(CIDR_KEY + ": " + e.getMessage(), e);
            }
        }
        return new ClusterPool(parsed, maskSize);
    }

    /** How many blocks there are. */
    public long size() {
        return cidrs.stream().mapToLong(this::blocksIn).sum();
    }

    /** True when a CIDR is one of the pool's blocks. */
    public boolean isBlock(Cidr cidr) {
        return cidr.prefixLength() == maskSize && cidrs.stream().anyMatch(c -> c.contains(cidr));
    }

    /** The pool CIDR an address is in, if it is in one. */
    public Optional<Cidr> containing(Ip ip) {
        return cidrs.stream().filter(c -> c.contains(ip)).findFirst();
    }

    /** The pool CIDR that shares an address with this one, if one does. */
    public Optional<Cidr> overlapping(Cidr cidr) {
        return cidrs.stream().filter(c -> c.overlaps(cidr)).findFirst();
    }

    int blocksIn(Cidr poolCidr) {
        return 1 << (maskSize - poolCidr.prefixLength());
    }

    Cidr block(Cidr poolCidr, int index) {
        return new Cidr(poolCidr.address().plus((long) index << (Integer.SIZE - maskSize)), maskSize);
    }

    /** Number of the block an address of the pool CIDR is in. */
    int index(Cidr poolCidr, Ip ip) {
        return (int) ((ip.low() - poolCidr.address().low()) >>> (Integer.SIZE - maskSize));
    }

    private static void check(Cidr cidr, int maskSize) {
        if (!cidr.address().isV4()) {
            throw new IllegalArgumentException(CIDR_KEY + ": " + cidr + " (expected: an IPv4 CIDR)");
        }
        if (maskSize < cidr.prefixLength()) {
            throw new IllegalArgumentException(MASK_SIZE_KEY + ": " + maskSize + " (expected: at least "
                    + cidr.prefixLength() + ", the prefix length of pool CIDR " + cidr + ")");
        }
        if (maskSize - cidr.prefixLength() > MAX_BLOCK_BITS) {
            throw new IllegalArgumentException(MASK_SIZE_KEY + ": " + maskSize + " (expected: at most "
                    + (cidr.prefixLength() + MAX_BLOCK_BITS) + " for pool CIDR " + cidr + ")");
        }
        if (!cidr.address().isUnicast() || !cidr.last().isUnicast() || cidr.overlaps(new Cidr(Ip.v4(0x7f000000), 8))) {
            throw new IllegalArgumentException(CIDR_KEY + ": " + cidr + " (expected: unicast addresses)");
        }
    }

    @Override
    public String toString() {
        return cidrs.stream().map(Cidr::toString).collect(Collectors.joining(",")) + " in blocks of /" + maskSize;
    }
}
