package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of one CIDR are taken: a binary tree that has nodes only above what is taken, so its size is that of what is
 * taken and never that of the CIDR. Each step costs one way down. Not safe for several threads.
 */
final class BlockTrie {
    /** Counts end here; nobody has that many blocks. */
    static final long MOST = 1L << 62;

    private final Cidr cidr;
    private final int maskSize;
    private final Node root = new Node();

    BlockTrie(Cidr cidr, int maskSize) {
        this.cidr = cidr;
        this.maskSize = maskSize;
    }

    /** How many blocks a prefix has that is so many bits shorter than a block's, at most {@link #MOST}. */
    static long blocks(int bits) {
        return bits >= 62 ? MOST : 1L << bits;
    }

    Cidr cidr() {
        return cidr;
    }

    /** Counts one more or one less that takes the blocks a CIDR shares an address with; it must overlap this one. */
    void change(Cidr part, int by) {
        int to = Math.min(Math.max(part.prefixLength(), cidr.prefixLength()), maskSize);
        Ip at = part.prefixLength() < cidr.prefixLength() ? cidr.address() : part.address();
        change(root, cidr.prefixLength(), at, to, by);
    }

    boolean isTaken(Cidr block) {
        Node node = root;
        for (int depth = cidr.prefixLength(); depth < block.prefixLength() && depth < maskSize; depth++) {
            if (node.count > 0) {
                return true;
            }
            Node next = bit(block.address(), depth) ? node.one : node.zero;
            if (next == null) {
                return false;
            }
            node = next;
        }
        return node.taken > 0;
    }

    /** The free block with the lowest address after having passed over {@code skip} free ones, or else the last one. */
    Optional<Cidr> free(long skip) {
        if (root.full) {
            return Optional.empty();
        }
        Ip ip = cidr.address();
        Node node = root;
        int depth = cidr.prefixLength();
        long left = Math.min(skip, free(root, maskSize - depth) - 1);
        while (depth < maskSize) {
            Node zero = node == null ? null : node.zero;
            Node one = node == null ? null : node.one;
            depth++;
            long before = free(zero, maskSize - depth);
            boolean up = left >= before;
            if (up) {
                left -= before;
                ip = withBit(ip, depth - 1);
            }
            node = up ? one : zero;
        }
        return Optional.of(new Cidr(ip, maskSize));
    }

    long taken() {
        return root.taken;
    }

    private void change(Node node, int depth, Ip ip, int to, int by) {
        if (depth == to) {
            node.count = Math.max(0, node.count + by);
        } else if (bit(ip, depth)) {
            node.one = changed(node.one, depth + 1, ip, to, by);
        } else {
            node.zero = changed(node.zero, depth + 1, ip, to, by);
        }
        node.sum(blocks(maskSize - depth));
    }

    private @Nullable Node changed(@Nullable Node child, int depth, Ip ip, int to, int by) {
        Node node = child == null ? new Node() : child;
        change(node, depth, ip, to, by);
        return node.count == 0 && node.zero == null && node.one == null ? null : node;
    }

    private static long free(@Nullable Node node, int bits) {
        if (node == null) {
            return blocks(bits);
        }
        return node.full ? 0 : Math.max(1, blocks(bits) - node.taken);
    }

    private static boolean bit(Ip ip, int number) {
        if (ip.isV4()) {
            return (ip.low() >>> (31 - number) & 1) != 0;
        }
        return ((number < 64 ? ip.high() >>> (63 - number) : ip.low() >>> (127 - number)) & 1) != 0;
    }

    private static Ip withBit(Ip ip, int number) {
        if (ip.isV4()) {
            return new Ip(Ip.Family.V4, 0, ip.low() | 1L << (31 - number));
        }
        return number < 64
                ? Ip.v6(ip.high() | 1L << (63 - number), ip.low())
                : Ip.v6(ip.high(), ip.low() | 1L << (127 - number));
    }

    /** A prefix: how often it was taken as a whole, and what is taken below it. */
    private static final class Node {
        private int count;
        private @Nullable Node zero;
        private @Nullable Node one;
        private long taken;
        private boolean full;

        void sum(long blocks) {
            full = count > 0 || (zero != null && zero.full && one != null && one.full);
            long below = (zero == null ? 0 : zero.taken) + (one == null ? 0 : one.taken);
            taken = full ? blocks : Math.min(blocks, below);
        }
    }
}
