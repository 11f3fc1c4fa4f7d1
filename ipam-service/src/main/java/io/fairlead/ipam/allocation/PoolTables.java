package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.ipam.pool.BlockTable;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.ipam.pool.Pool;
import io.fairlead.ipam.pool.Pools;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** All pools with what is taken of each. Not safe for several threads. */
final class PoolTables {
    private final BlockTable.Holders taken;
    private final Map<Id, BlockTable> tables = new HashMap<>();
    private Pools pools = Pools.NONE;

    /** Tables that find in {@code taken} what CIDRs that appear later on have taken already. */
    PoolTables(BlockTable.Holders taken) {
        this.taken = taken;
    }

    private record Id(String pool, Ip.Family family) {}

    Pools pools() {
        return pools;
    }

    /** Goes on with other pools. One whose CIDRs were changed, not only appended to, is built anew. */
    void change(Pools now) {
        pools = now;
        tables.keySet()
                .removeIf(id -> now.get(id.pool)
                        .flatMap(p -> p.family(id.family))
                        .filter(f -> continues(tables.get(id), f))
                        .isEmpty());
        for (Pool pool : now.all()) {
            pool.families().forEach((family, blocks) -> {
                Id id = new Id(pool.name(), family);
                BlockTable table = tables.get(id);
                if (table == null) {
                    tables.put(id, new BlockTable(blocks, taken));
                } else {
                    table.extend(blocks, taken);
                }
            });
        }
    }

    private static boolean continues(@org.jspecify.annotations.Nullable BlockTable table, ClusterPool now) {
        if (table == null || table.pool().maskSize() != now.maskSize()) {
            return false;
        }
        int before = table.pool().cidrs().size();
        return before <= now.cidrs().size()
                && now.cidrs().subList(0, before).equals(table.pool().cidrs());
    }

    Optional<BlockTable> get(String pool, Ip.Family family) {
        return Optional.ofNullable(tables.get(new Id(pool, family)));
    }

    void take(Cidr cidr) {
        tables.values().forEach(table -> table.take(cidr));
    }

    void release(Cidr cidr) {
        tables.values().forEach(table -> table.release(cidr));
    }
}
