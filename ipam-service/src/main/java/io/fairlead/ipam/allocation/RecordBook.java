package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node records of the store, by key and by node address. Not safe for several threads. */
final class RecordBook {
    private static final Logger LOGGER = LoggerFactory.getLogger(RecordBook.class);

    private final IpamKeys keys;
    /** Node addresses of each record whose value was ever readable. */
    private final Map<String, Set<Ip>> ownAddresses = new HashMap<>();
    /** The other way round: keys of the records that have an address. */
    private final NavigableMap<Ip, Set<String>> users = new TreeMap<>();
    /** Records whose present value cannot be read. */
    private final Set<String> unreadable = new TreeSet<>();

    private final Map<String, Owner> owners = new TreeMap<>();
    /** Keys of the records of each name: clusters that share a store must not share names. */
    private final Map<NodeName, Set<String>> names = new HashMap<>();

    private @Nullable List<Owner> nodes;
    private long unreadableEvents;

    RecordBook(IpamKeys keys) {
        this.keys = keys;
    }

    long unreadableEvents() {
        return unreadableEvents;
    }

    Set<String> unreadable() {
        return unreadable;
    }

    /** True when there is a record under a key, readable or not. */
    boolean has(String key) {
        return owners.containsKey(key);
    }

    /** Those that cannot be read and never could. */
    List<String> neverRead() {
        return unreadable.stream().filter(key -> !ownAddresses.containsKey(key)).toList();
    }

    /** Every node that has a record, the same list until one comes or goes. */
    List<Owner> nodes() {
        List<Owner> known = nodes;
        if (known == null) {
            known = List.copyOf(owners.values());
            nodes = known;
        }
        return known;
    }

    Set<String> named(NodeName name) {
        return names.getOrDefault(name, Set.of());
    }

    Set<String> users(Ip ip) {
        return users.getOrDefault(ip, Set.of());
    }

    Optional<Map.Entry<Ip, String>> addressIn(Cidr cidr) {
        Map.Entry<Ip, Set<String>> first = users.ceilingEntry(cidr.address());
        if (first == null || !cidr.contains(first.getKey())) {
            return Optional.empty();
        }
        String key = first.getValue().iterator().next();
        return Optional.of(Map.entry(first.getKey(), key.substring(keys.nodes().length())));
    }

    /** What the record says now; empty when it cannot be read. */
    Optional<NodeRecord> put(String key, String value) {
        if (!owners.containsKey(key)) {
            // no agent can have a name that is none, so it is not waited for
            Owner.parse(key.substring(keys.nodes().length())).ifPresent(owner -> {
                owners.put(key, owner);
                names.computeIfAbsent(owner.node(), n -> new TreeSet<>()).add(key);
            });
            nodes = null;
        }
        try {
            NodeRecord node = NodeRecord.decode(value);
            unreadable.remove(key);
            replace(key, RecordWriter.ownAddresses(node));
            return Optional.of(node);
        } catch (IllegalArgumentException e) {
            unreadable.add(key);
            unreadableEvents++;
            LOGGER.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("reason", e.getMessage())
                    .log("Node record cannot be read");
            return Optional.empty();
        }
    }

    void delete(String key) {
        Owner owner = owners.remove(key);
        if (owner != null) {
            nodes = null;
            names.computeIfPresent(owner.node(), (name, set) -> {
                set.remove(key);
                return set.isEmpty() ? null : set;
            });
        }
        unreadable.remove(key);
        drop(key);
    }

    private void replace(String key, Set<Ip> addresses) {
        drop(key);
        ownAddresses.put(key, addresses);
        addresses.forEach(ip -> users.computeIfAbsent(ip, i -> new TreeSet<>()).add(key));
    }

    private void drop(String key) {
        Set<Ip> before = ownAddresses.remove(key);
        if (before != null) {
            for (Ip ip : before) {
                users.computeIfPresent(ip, (i, set) -> {
                    set.remove(key);
                    return set.isEmpty() ? null : set;
                });
            }
        }
    }
}
