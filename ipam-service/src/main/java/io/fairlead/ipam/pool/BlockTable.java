package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Which blocks of a pool are taken.
 *
 * <p>CIDRs of any size can be taken, several times over; a block is free when nothing that was taken shares an address with
 * it. Every step costs as many turns as a block has bits, however many there are. Not safe for several threads.
 */
public final class BlockTable {
    private final List<BlockTrie> parts = new ArrayList<>();
    private ClusterPool pool;

    /** A table in which every block is free. */
    public BlockTable(ClusterPool pool) {
        this(pool, cidr -> List.of());
    }

    /** A table in which what is in {@code taken} is taken. */
    public BlockTable(ClusterPool pool, Holders taken) {
        this.pool = pool;
        pool.cidrs().forEach(cidr -> add(cidr, taken));
    }

    public ClusterPool pool() {
        return pool;
    }

    /** Goes on with a pool that has more CIDRs; those are free but for what is in {@code taken}, which it finds by CIDR. */
    public void extend(ClusterPool longer, Holders taken) {
        for (Cidr cidr :
                longer.cidrs().subList(pool.cidrs().size(), longer.cidrs().size())) {
            add(cidr, taken);
        }
        pool = longer;
    }

    /** What is taken, by CIDR: one element for each time it was. */
    @FunctionalInterface
    public interface Holders {
        Collection<Cidr> overlapping(Cidr cidr);
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
        return parts.stream().anyMatch(p -> p.cidr().contains(block) && p.isTaken(block));
    }

    /** The free block with the lowest address in the first pool CIDR that has one. */
    public Optional<Cidr> nextFree() {
        return nextFree(0);
    }

    /**
     * A free block, after having passed over some: callers that pass over different numbers seldom choose the same one.
     *
     * @param skip how many, fewer when a pool CIDR has not so many
     */
    public Optional<Cidr> nextFree(long skip) {
        return parts.stream().flatMap(part -> part.free(skip).stream()).findFirst();
    }

    /** How many blocks are taken. */
    public long takenBlocks() {
        return parts.stream().mapToLong(BlockTrie::taken).reduce(0, (a, b) -> Math.min(BlockTrie.MOST, a + b));
    }

    private void add(Cidr cidr, Holders taken) {
        BlockTrie part = new BlockTrie(cidr, pool.maskSize());
        taken.overlapping(cidr).forEach(held -> part.change(held, 1));
        parts.add(part);
    }

    private void change(Cidr cidr, int by) {
        parts.stream().filter(p -> p.cidr().overlaps(cidr)).forEach(p -> p.change(cidr, by));
    }
}
