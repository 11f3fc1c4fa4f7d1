package io.fairlead.ipam.pool;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All pools as of one moment; does not change. No CIDR of one shares an address with another's. */
public final class Pools {
    /** No pool at all. */
    public static final Pools NONE = new Pools(Map.of());

    private final SortedMap<String, Pool> byName;
    private final NavigableMap<Cidr, Place> byCidr = new TreeMap<>();

    /** These pools, by name. */
    public Pools(Map<String, Pool> pools) {
        byName = Collections.unmodifiableSortedMap(new TreeMap<>(pools));
        for (Pool pool : byName.values()) {
            for (ClusterPool family : pool.families().values()) {
                family.cidrs().forEach(cidr -> byCidr.put(cidr, new Place(pool.name(), cidr, family)));
            }
        }
    }

    /**
     * Where something is.
     *
     * @param pool name of the pool
     * @param cidr the pool CIDR
     * @param family what the pool has of that family
     */
    public record Place(String pool, Cidr cidr, ClusterPool family) {}

    /** Sorted by name. */
    public Collection<Pool> all() {
        return byName.values();
    }

    /** Names in use, for messages. */
    public String names() {
        return byName.isEmpty() ? "none yet" : String.join(", ", byName.keySet());
    }

    public Optional<Pool> get(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The same with a pool added or replaced. */
    public Pools with(Pool pool) {
        Map<String, Pool> more = new TreeMap<>(byName);
        more.put(pool.name(), pool);
        return new Pools(more);
    }

    /** The same without a pool. */
    public Pools without(String name) {
        Map<String, Pool> fewer = new TreeMap<>(byName);
        fewer.remove(name);
        return new Pools(fewer);
    }

    /** True when some pool has blocks of a family. */
    public boolean has(Ip.Family family) {
        return byName.values().stream().anyMatch(p -> p.family(family).isPresent());
    }

    /** The pool CIDR an address is in, if it is in one. */
    public Optional<Place> containing(Ip ip) {
        return overlapping(ip.toCidr());
    }

    /** The pool CIDR that shares an address with this one, if one does; the first of several. */
    public Optional<Place> overlapping(Cidr cidr) {
        Map.Entry<Cidr, Place> before = byCidr.floorEntry(cidr);
        Map.Entry<Cidr, Place> after = byCidr.higherEntry(cidr);
        return Stream.of(Optional.ofNullable(before), Optional.ofNullable(after))
                .flatMap(Optional::stream)
                .map(Map.Entry::getValue)
                .filter(place -> place.cidr().overlaps(cidr))
                .findFirst();
    }
}
