package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Which keys of the store take which CIDRs, found by overlap without looking at the others. Not safe for several threads. */
final class CidrIndex {
    private final NavigableMap<Cidr, List<String>> keys = new TreeMap<>();
    /** How many different CIDRs there are of each length, by family. */
    private final Map<Ip.Family, NavigableMap<Integer, Integer>> lengths =
            Map.of(Ip.Family.V4, new TreeMap<>(), Ip.Family.V6, new TreeMap<>());

    void add(Cidr cidr, String key) {
        List<String> list = keys.get(cidr);
        if (list == null) {
            // most CIDRs are a block's claim and a record's
            list = new ArrayList<>(2);
            keys.put(cidr, list);
            count(cidr, 1);
        }
        list.add(key);
    }

    void remove(Cidr cidr, String key) {
        List<String> list = keys.get(cidr);
        if (list != null && list.remove(key) && list.isEmpty()) {
            keys.remove(cidr);
            count(cidr, -1);
        }
    }

    /** Each CIDR that shares an address with this one, once for each key that takes it. */
    List<Cidr> cidrs(Cidr cidr) {
        List<Cidr> found = new ArrayList<>();
        overlapping(cidr).forEach((held, list) -> list.forEach(key -> found.add(held)));
        return found;
    }

    /** The keys that take CIDRs which share an address with this one. */
    Map<Cidr, List<String>> overlapping(Cidr cidr) {
        NavigableMap<Cidr, List<String>> found = new TreeMap<>();
        int bits = cidr.family().bits();
        found.putAll(keys.subMap(cidr, true, new Cidr(cidr.last(), bits), true));
        for (int length : lengths(cidr).headMap(cidr.prefixLength(), false).keySet()) {
            Cidr wider = Cidr.containing(cidr.address(), length);
            List<String> list = keys.get(wider);
            if (list != null) {
                found.put(wider, list);
            }
        }
        return found;
    }

    private void count(Cidr cidr, int by) {
        lengths(cidr).merge(cidr.prefixLength(), by, (a, b) -> a + b == 0 ? null : a + b);
    }

    private NavigableMap<Integer, Integer> lengths(Cidr cidr) {
        return java.util.Objects.requireNonNull(lengths.get(cidr.family()), "both families are there");
    }
}
