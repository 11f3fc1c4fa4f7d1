package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * CIDRs of one family that are cut into blocks of one size.
 *
 * <p>All blocks have one prefix length and are aligned to it, so two of them are the same or share no address: what makes
 * one key a block enough to keep nodes apart. CIDRs may be appended later; the block size may never change.
 *
 * @param cidrs in the order they are used up, at least one
 * @param maskSize prefix length of a block
 */
public record ClusterPool(List<Cidr> cidrs, int maskSize) {
    /** Bits that a block has at least: an address beside network, broadcast and router. */
    private static final int LEAST_BITS = 2;

    private static final Cidr LOOPBACK = new Cidr(Ip.v4(0x7f000000), 8);

    public ClusterPool {
        cidrs = List.copyOf(cidrs);
        check(cidrs.isEmpty() ? Names.of(Ip.Family.V4) : Names.of(cidrs.get(0).family()), cidrs, maskSize);
    }

    /**
     * What messages call the two values.
     *
     * @param cidrs such as "cluster-pool-ipv4-cidr"
     * @param maskSize such as "cluster-pool-ipv4-mask-size"
     */
    public record Names(String cidrs, String maskSize) {
        /** Their fields in requests. */
        public static final Names REQUEST = new Names("cidrs", "mask_size");

        /** Their configuration keys, as Cilium has them. */
        public static Names of(Ip.Family family) {
            String prefix = "cluster-pool-" + text(family).toLowerCase(java.util.Locale.ROOT);
            return new Names(prefix + "-cidr", prefix + "-mask-size");
        }
    }

    /** The family's name in messages. */
    public static String text(Ip.Family family) {
        return family == Ip.Family.V4 ? "IPv4" : "IPv6";
    }

    /**
     * Reads the two configuration values of a family.
     *
     * @throws IllegalArgumentException naming the key, the value and what is expected
     */
    public static ClusterPool parse(Ip.Family family, List<String> cidrs, int maskSize) {
        Names names = Names.of(family);
        List<Cidr> parsed = new ArrayList<>();
        for (String text : cidrs) {
            try {
                parsed.add(Cidr.parse(text.strip()));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(names.cidrs() + ": " + e.getMessage(), e);
            }
        }
        for (Cidr cidr : parsed) {
            if (cidr.family() != family) {
                throw new IllegalArgumentException(
                        names.cidrs() + ": " + cidr + " (expected: an " + text(family) + " CIDR)");
            }
        }
        return of(names, parsed, maskSize);
    }

    /**
     * A pool whose mistakes are named as the caller knows them.
     *
     * @throws IllegalArgumentException naming the value and what is expected
     */
    public static ClusterPool of(Names names, List<Cidr> cidrs, int maskSize) {
        check(names, cidrs, maskSize);
        return new ClusterPool(cidrs, maskSize);
    }

    public Ip.Family family() {
        return cidrs.get(0).family();
    }

    /** How many blocks there are, 2^62 for more than that. */
    public long size() {
        long sum = 0;
        for (Cidr cidr : cidrs) {
            sum = Math.min(BlockTrie.MOST, sum + BlockTrie.blocks(maskSize - cidr.prefixLength()));
        }
        return sum;
    }

    /** True when a CIDR is one of the pool's blocks. */
    public boolean isBlock(Cidr cidr) {
        return cidr.prefixLength() == maskSize && cidrs.stream().anyMatch(c -> c.contains(cidr));
    }

    private static void check(Names names, List<Cidr> cidrs, int maskSize) {
        if (cidrs.isEmpty()) {
            throw new IllegalArgumentException(names.cidrs() + " must be provided when using ClusterPool");
        }
        Ip.Family family = cidrs.get(0).family();
        int most = family.bits() - LEAST_BITS;
        if (maskSize < 1 || maskSize > most) {
            throw new IllegalArgumentException(names.maskSize() + ": " + maskSize + " (expected: 1 to " + most
                    + ", a block needs room for network, broadcast, router and a pod)");
        }
        for (int i = 0; i < cidrs.size(); i++) {
            check(names, cidrs.get(i), family, maskSize);
            for (Cidr before : cidrs.subList(0, i)) {
                if (before.overlaps(cidrs.get(i))) {
                    throw new IllegalArgumentException("requested CIDR " + cidrs.get(i) + " colides with " + before);
                }
            }
        }
    }

    private static void check(Names names, Cidr cidr, Ip.Family family, int maskSize) {
        if (cidr.family() != family) {
            throw new IllegalArgumentException(names.cidrs() + ": " + cidr + " (expected: CIDRs of one family)");
        }
        if (maskSize < cidr.prefixLength()) {
            throw new IllegalArgumentException(names.maskSize() + ": " + maskSize + " (expected: at least "
                    + cidr.prefixLength() + ", the prefix length of pool CIDR " + cidr + ")");
        }
        if (!cidr.address().isUnicast() || !cidr.last().isUnicast() || cidr.overlaps(LOOPBACK)) {
            throw new IllegalArgumentException(names.cidrs() + ": " + cidr + " (expected: unicast addresses)");
        }
    }

    @Override
    public String toString() {
        return cidrs.stream().map(Cidr::toString).collect(Collectors.joining(",")) + " in blocks of /" + maskSize;
    }
}
