package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.ipam.allocation.IpamException.Reason;
import io.fairlead.ipam.pool.ClusterPool;
import io.fairlead.ipam.pool.Pool;
import io.fairlead.ipam.pool.Pools;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.KvStore;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes pools and appends CIDRs to them, with any number of replicas doing so at once: all changes of pools go over one key,
 * so no two make pools that overlap. Nothing is ever removed.
 */
public final class PoolAdmin {
    private static final Logger LOGGER = LoggerFactory.getLogger(PoolAdmin.class);
    private static final int MAX_CONFLICTS = 32;
    private static final Map<Ip.Family, Integer> DEFAULT_MASK_SIZE = Map.of(Ip.Family.V4, 24, Ip.Family.V6, 120);

    private final KvStore store;
    private final IpamKeys keys;
    private final Occupancy occupancy;

    public PoolAdmin(KvStore store, IpamKeys keys, Occupancy occupancy) {
        this.store = store;
        this.keys = keys;
        this.occupancy = occupancy;
    }

    /**
     * Makes a pool, or appends CIDRs to one; those it has already are passed over.
     *
     * @param maskSize prefix length of a block; 0 for the pool's own, or the default of a new one
     */
    public Future<Pool> add(String name, List<Cidr> cidrs, int maskSize) {
        if (maskSize != 0 && cidrs.stream().map(Cidr::family).distinct().count() > 1) {
            throw new IllegalArgumentException(
                    "mask_size: " + maskSize + " for CIDRs of both families (expected: one family at a time)");
        }
        List<ClusterPool> more = new ArrayList<>();
        for (Ip.Family family : Ip.Family.values()) {
            List<Cidr> ofFamily =
                    cidrs.stream().filter(c -> c.family() == family).distinct().toList();
            if (!ofFamily.isEmpty()) {
                int mask = maskSize != 0
                        ? maskSize
                        : occupancy
                                .pools()
                                .get(name)
                                .flatMap(p -> p.family(family))
                                .map(ClusterPool::maskSize)
                                .orElseGet(() -> DEFAULT_MASK_SIZE.getOrDefault(family, 0));
                more.add(ClusterPool.of(ClusterPool.Names.REQUEST, ofFamily, mask));
            }
        }
        if (more.isEmpty()) {
            throw new IllegalArgumentException("cidrs: none (expected: at least one)");
        }
        for (Cidr cidr : cidrs) {
            occupancy.addressIn(cidr).ifPresent(used -> {
                throw new IpamException(
                        Reason.INVALID,
                        "cidrs: " + cidr + " contains address " + used.getKey() + " of node " + used.getValue()
                                + " (expected: a CIDR that does not overlap the nodes' network)");
            });
        }
        return change(name, more, family -> new OtherSize(ClusterPool.Names.REQUEST.maskSize(), Reason.INVALID), 0);
    }

    /** Appends to the default pool what configuration has and it has not. Fails when its blocks have another size. */
    public Future<Pool> seed(Collection<ClusterPool> configured) {
        return change(
                Pool.DEFAULT,
                List.copyOf(configured),
                family -> new OtherSize(ClusterPool.Names.of(family).maskSize(), Reason.REFUSED),
                0);
    }

    /** How to say that a pool's blocks have another size. */
    private record OtherSize(String name, Reason reason) {
        IpamException exception(int ours, String stored) {
            return new IpamException(
                    reason,
                    name + ": " + ours + " (expected: " + stored
                            + ", the size of the blocks this store's nodes hold; it cannot be changed)");
        }
    }

    private Future<Pool> change(
            String name, List<ClusterPool> more, Function<Ip.Family, OtherSize> sizes, int conflicts) {
        List<Op> reads =
                List.of(new Op.Get(keys.poolChanges()), new Op.Get(keys.oldMaskSize()), new Op.GetPrefix(keys.pools()));
        return store.commit(new Txn(List.of(), reads, List.of())).compose(found -> {
            Optional<KeyValue> counter = found.reads().get(0).stream().findFirst();
            Optional<KeyValue> old = found.reads().get(1).stream().findFirst();
            Pools pools = decode(found.reads().get(2));
            old.ifPresent(entry -> checkOld(entry.value(), name, more, sizes));
            Pool before = pools.get(name).orElseGet(() -> new Pool(name, Map.of()));
            Pool after = before;
            for (ClusterPool family : more) {
                after = after.with(append(pools, before, family, sizes.apply(family.family())));
            }
            boolean move = old.isPresent() && !old.get().value().equals(IpamKeys.MOVED);
            return after.equals(before) && !move
                    ? occupancy.reached(revision(found.reads().get(2), name)).map(before)
                    : commit(after, counter, move, conflicts)
                            .compose(done -> done
                                    ? Future.succeededFuture(after(name))
                                    : change(name, more, sizes, conflicts + 1));
        });
    }

    private Pool after(String name) {
        return occupancy.pools().get(name).orElseGet(() -> new Pool(name, Map.of()));
    }

    /** False when others were faster. */
    private Future<Boolean> commit(Pool after, Optional<KeyValue> counter, boolean move, int conflicts) {
        Change change = new Change();
        change.guard(keys.poolChanges(), counter);
        change.put(
                keys.poolChanges(),
                Integer.toString(counter.map(PoolAdmin::number).orElse(0) + 1));
        change.put(keys.pool(after.name()), after.encode());
        if (move) {
            change.put(keys.oldMaskSize(), IpamKeys.MOVED);
        }
        return store.commit(change.txn()).compose(result -> {
            if (result.succeeded()) {
                LOGGER.atInfo().addKeyValue("pool", after).log("Pool is changed");
                return occupancy.reached(result.revision()).map(true);
            }
            return conflicts < MAX_CONFLICTS
                    ? Future.succeededFuture(false)
                    : Future.failedFuture(new IpamException(
                            Reason.BUSY,
                            "pool " + after.name() + ": others changed pools " + MAX_CONFLICTS
                                    + " times (expected: one of the attempts to go through; try again)"));
        });
    }

    private static ClusterPool append(Pools pools, Pool before, ClusterPool more, OtherSize size) {
        Optional<ClusterPool> has = before.family(more.family());
        if (has.isPresent() && has.get().maskSize() != more.maskSize()) {
            throw size.exception(more.maskSize(), Integer.toString(has.get().maskSize()));
        }
        List<Cidr> all = new ArrayList<>(has.map(ClusterPool::cidrs).orElse(List.of()));
        for (Cidr cidr : more.cidrs()) {
            if (all.contains(cidr)) {
                continue;
            }
            pools.overlapping(cidr).ifPresent(place -> {
                throw new IpamException(
                        Reason.INVALID,
                        "requested CIDR " + cidr + " colides with " + place.cidr() + " (expected: none of pool "
                                + place.pool() + "'s)");
            });
            all.add(cidr);
        }
        return new ClusterPool(all, more.maskSize());
    }

    /** An older Fairlead's nodes hold blocks of one size, which was the default pool's. */
    private static void checkOld(
            String stored, String name, List<ClusterPool> more, Function<Ip.Family, OtherSize> sizes) {
        if (stored.equals(IpamKeys.MOVED) || !name.equals(Pool.DEFAULT)) {
            return;
        }
        for (ClusterPool family : more) {
            if (family.family() == Ip.Family.V4 && !stored.equals(Integer.toString(family.maskSize()))) {
                throw sizes.apply(Ip.Family.V4).exception(family.maskSize(), stored);
            }
        }
    }

    private Pools decode(List<KeyValue> entries) {
        Map<String, Pool> pools = new TreeMap<>();
        for (KeyValue entry : entries) {
            String name = entry.key().substring(keys.pools().length());
            try {
                pools.put(name, Pool.decode(name, entry.value()));
            } catch (IllegalArgumentException e) {
                throw new IpamException(
                        Reason.REFUSED,
                        "store key " + entry.key() + ": " + e.getMessage() + " (expected: what was written there)");
            }
        }
        return new Pools(pools);
    }

    private long revision(List<KeyValue> entries, String name) {
        return entries.stream()
                .filter(entry -> entry.key().equals(keys.pool(name)))
                .mapToLong(KeyValue::modRevision)
                .findFirst()
                .orElse(0);
    }

    private static int number(KeyValue entry) {
        return entry.value().matches("[0-9]{1,9}") ? Integer.parseInt(entry.value()) : 0;
    }
}
