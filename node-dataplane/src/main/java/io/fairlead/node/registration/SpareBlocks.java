package io.fairlead.node.registration;

import io.fairlead.contract.Cidr;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.AddressPool.Use;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which blocks have been empty for so long, with so much left beside them, that they can go back. For one thread. */
final class SpareBlocks {
    private final BlockKeeper.Settings settings;
    private final String mainPool;
    private final Map<Cidr, Idle> idle = new HashMap<>();

    /** Since when nobody had an address of a block. */
    private record Idle(long given, long since) {}

    /** @param mainPool of which a block is always kept */
    SpareBlocks(BlockKeeper.Settings settings, String mainPool) {
        this.settings = settings;
        this.mainPool = mainPool;
    }

    /**
     * Takes note of how blocks stand, and says which are spare; each by itself, not all of them together. The newest first.
     *
     * @param now nanoseconds of the clock that idle blocks are watched with
     */
    List<Use> of(List<Use> uses, long now) {
        note(uses, now);
        List<Use> spare = new ArrayList<>(
                uses.stream().filter(use -> isSpare(use, uses, now)).toList());
        Collections.reverse(spare);
        return spare;
    }

    /** A block that comes again is a new one. */
    void forget(Cidr cidr) {
        idle.remove(cidr);
    }

    private void note(List<Use> uses, long now) {
        for (Use use : uses) {
            Cidr cidr = use.block().cidr();
            Idle known = idle.get(cidr);
            if (use.used() > 0) {
                idle.remove(cidr);
            } else if (known == null || known.given() != use.given()) {
                idle.put(cidr, new Idle(use.given(), now));
            }
        }
    }

    private boolean isIdle(Use use, long now) {
        Idle known = idle.get(use.block().cidr());
        return use.open()
                && use.used() == 0
                && known != null
                && now - known.since() >= settings.idle().toNanos();
    }

    /** What stays must be well above the mark another block would be asked for at, or two nodes' pods would move it to and fro. */
    private boolean isSpare(Use use, List<Use> uses, long now) {
        if (!isIdle(use, now)) {
            return false;
        }
        Supply supply = new Supply(use.block().cidr().family(), use.block().pool());
        boolean last = uses.stream()
                        .filter(other -> other.open() && other.block().cidr().family() == supply.family())
                        .count()
                < 2;
        List<Use> same = uses.stream()
                .filter(other -> other.open() && isOf(other, supply))
                .toList();
        long left = same.stream().mapToLong(SpareBlocks::free).sum() - free(use);
        boolean unused = !supply.pool().equals(mainPool) && same.stream().allMatch(other -> isIdle(other, now));
        return !last && (unused || left >= 2L * settings.preAllocate());
    }

    static boolean isOf(Use use, Supply supply) {
        return use.block().cidr().family() == supply.family()
                && use.block().pool().equals(supply.pool());
    }

    static long free(Use use) {
        return use.capacity() - use.used();
    }
}
