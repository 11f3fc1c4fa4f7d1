package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which blocks of a pool are taken.
 *
 * <p>CIDRs of any size can be taken, several times over; a block is free when nothing that was taken shares an address with
 * it. Finding a free block costs a scan of bits, 64 at a time, from the lowest free one. Not safe for several threads.
 */
public final class BlockTable {
    private final ClusterPool pool;
    private final List<Part> parts = new ArrayList<>();

    /** A table in which every block is free. */
    public BlockTable(ClusterPool pool) {
        this.pool = pool;
        for (Cidr cidr : pool.cidrs()) {
            parts.add(new Part(cidr, pool.blocksIn(cidr), new BitSet(), new HashMap<>()));
        }
    }

    /** Takes whatever blocks share an address with a CIDR. To be undone by one {@link #release}. */
    public void take(Cidr cidr) {
        change(cidr, 1);
    }

    /** Undoes one {@link #take} of the same CIDR. */
    public void release(Cidr cidr) {
        change(cidr, -1);
    }

    /** True when a block of the pool shares an address with something taken. */
    public boolean isTaken(Cidr block) {
        return parts.stream()
                .filter(p -> p.cidr.overlaps(block))
                .anyMatch(p -> p.taken.get(pool.index(p.cidr, block.address())));
    }

    /** The free block with the lowest number in the first pool CIDR that has one. */
    public Optional<Cidr> nextFree() {
        return nextFree(0);
    }

    /**
     * A free block, searched from a place on: callers that start at different places seldom choose the same one.
     *
     * @param start number of the block at which to start, reduced to the size of each pool CIDR
     */
    public Optional<Cidr> nextFree(int start) {
        for (Part part : parts) {
            int from = Math.floorMod(start, part.blocks);
            int index = part.taken.nextClearBit(from);
            if (index >= part.blocks) {
                index = part.taken.nextClearBit(0);
            }
            if (index < part.blocks) {
                return Optional.of(pool.block(part.cidr, index));
            }
        }
        return Optional.empty();
    }

    /** How many blocks are taken. */
    public long takenBlocks() {
        return parts.stream().mapToLong(p -> p.taken.cardinality()).sum();
    }

    private void change(Cidr cidr, int by) {
        for (Part part : parts) {
            if (!part.cidr.overlaps(cidr)) {
                continue;
            }
            Cidr common = part.cidr.contains(cidr) ? cidr : part.cidr;
            int last = pool.index(part.cidr, common.last());
            for (int i = pool.index(part.cidr, common.address()); i <= last; i++) {
                int count = part.counts.merge(i, by, Integer::sum);
                if (count <= 0) {
                    part.counts.remove(i);
                }
                part.taken.set(i, count > 0);
            }
        }
    }

    /** One CIDR of the pool: bit and count have the number of the block; a missing count is 0. */
    private record Part(Cidr cidr, int blocks, BitSet taken, Map<Integer, Integer> counts) {}
}
