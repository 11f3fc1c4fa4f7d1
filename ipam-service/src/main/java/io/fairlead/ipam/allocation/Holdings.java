package io.fairlead.ipam.allocation;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.kvstore.KeyValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who has what, as the store's events make it, found by CIDR, by address and by key. Not safe for several threads. */
final class Holdings {
    private static final Logger LOGGER = LoggerFactory.getLogger(Holdings.class);
    private static final String RESERVED = "reserved";

    private final IpamKeys keys;
    private final Consumer<Cidr> take;
    private final Consumer<Cidr> release;
    /** What each key of the store takes. */
    private final Map<String, Holding> taken = new HashMap<>();

    private final CidrIndex byCidr = new CidrIndex();
    /** What is withheld, by key. */
    private final Map<String, Withheld> withheld = new TreeMap<>();

    private final Map<String, Set<Cidr>> withheldByOwner = new HashMap<>();
    private final RecordBook records;
    /** Owners with a claim of this service, as text. */
    private final Set<String> claimants = new HashSet<>();
    /** Whose each node address is, by key. */
    private final Map<String, String> addresses = new HashMap<>();
    /** Claims that cannot be read. */
    private final Set<String> broken = new TreeSet<>();

    /** Holdings that tell of each CIDR taken or free again, once for each key that does so. */
    Holdings(IpamKeys keys, Consumer<Cidr> take, Consumer<Cidr> release) {
        this.keys = keys;
        this.take = take;
        this.release = release;
        this.records = new RecordBook(keys);
    }

    /** Who has what a key of the store takes: "cluster/node". */
    private record Holding(String holder, List<Cidr> cidrs) {}

    long unreadableEvents() {
        return records.unreadableEvents();
    }

    int claimants() {
        return claimants.size();
    }

    boolean knows(Owner owner) {
        return claimants.contains(owner.toString()) || records.has(keys.record(owner));
    }

    List<String> troubles() {
        List<String> texts = new ArrayList<>();
        unknownHolder()
                .ifPresent(key -> texts.add("no new block is given: store key " + key
                        + " cannot be read and nothing else says what its node holds; repair or delete it, or: fairlead node"
                        + " release " + key.substring(key.lastIndexOf('/') + 1)));
        if (!records.unreadable().isEmpty()) {
            texts.add("unreadable: " + String.join(" ", records.unreadable()));
        }
        broken.forEach(key -> texts.add(
                "store key " + key + " cannot be read, its node gets no other block; " + NodeState.wayOut(key)));
        return texts;
    }

    Collection<Withheld> withheld() {
        return withheld.values();
    }

    Set<Cidr> withheldOf(Owner owner) {
        return withheldByOwner.getOrDefault(owner.toString(), Set.of());
    }

    List<Owner> nodes() {
        return records.nodes();
    }

    List<Cidr> cidrs(Cidr within) {
        return byCidr.cidrs(within);
    }

    List<Cidr> claimed(Owner owner) {
        return taken.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(keys.blocks()))
                .filter(entry -> entry.getValue().holder.equals(owner.toString()))
                .flatMap(entry -> entry.getValue().cidrs.stream())
                .sorted()
                .toList();
    }

    List<Ip> addresses(Owner owner) {
        return addresses.entrySet().stream()
                .filter(entry -> entry.getValue().equals(owner.toString()))
                .map(entry -> Ip.parse(entry.getKey().substring(keys.addresses().length())))
                .sorted()
                .toList();
    }

    List<Cidr> held(String key) {
        Holding holding = taken.get(key);
        return holding == null ? List.of() : holding.cidrs;
    }

    void reserve(Cidr block) {
        take(block, RESERVED);
    }

    void unreserve(Cidr block) {
        free(block, RESERVED);
    }

    Optional<Occupancy.Held> otherHolder(Cidr cidr, Owner owner, Set<String> but) {
        for (List<String> list : byCidr.overlapping(cidr).values()) {
            for (String key : list) {
                Holding holding = taken.get(key);
                if (holding != null && !holding.holder.equals(owner.toString()) && !but.contains(key)) {
                    return Optional.of(new Occupancy.Held(key, holding.holder));
                }
            }
        }
        return Optional.empty();
    }

    Optional<Occupancy.Held> otherUser(Ip ip, Owner owner, Set<String> but) {
        return records.users(ip).stream()
                .filter(key -> !key.equals(keys.record(owner)) && !but.contains(key))
                .map(key -> new Occupancy.Held(key, key.substring(keys.nodes().length())))
                .findFirst();
    }

    Optional<Occupancy.Held> namesake(Owner owner, Set<String> but) {
        return records.named(owner.node()).stream()
                .filter(key -> !key.equals(keys.record(owner)) && !but.contains(key))
                .map(key -> new Occupancy.Held(key, key.substring(keys.nodes().length())))
                .findFirst();
    }

    Optional<Map.Entry<Ip, String>> addressIn(Cidr cidr) {
        return records.addressIn(cidr);
    }

    Optional<String> unknownHolder() {
        return records.neverRead().stream()
                .filter(key -> !claimants.contains(key.substring(keys.nodes().length())))
                .findFirst();
    }

    void put(KeyValue entry) {
        String key = entry.key();
        if (key.startsWith(keys.nodes())) {
            Optional<NodeRecord> record = records.put(key, entry.value());
            // of one that cannot be read, what it held before stays taken: the node may well go on using it
            record.ifPresent(r -> replace(
                    key,
                    new Holding(
                            key.substring(keys.nodes().length()), r.networks().podCidrs())));
        } else if (key.startsWith(keys.nodeClaims())) {
            putClaim(entry);
        } else if (key.startsWith(keys.addresses())) {
            addresses.put(key, entry.value());
        } else if (key.startsWith(keys.blocks()) || key.startsWith(keys.withheld())) {
            try {
                putCidr(entry);
            } catch (IllegalArgumentException e) {
                LOGGER.atWarn().addKeyValue("key", key).log("Claim of something that is no CIDR");
            }
        }
    }

    void delete(String key) {
        drop(key);
        forgetWithheld(key);
        records.delete(key);
        addresses.remove(key);
        broken.remove(key);
        if (key.startsWith(keys.nodeClaims())) {
            claimants.remove(key.substring(keys.nodeClaims().length()));
        }
    }

    private void putClaim(KeyValue entry) {
        claimants.add(entry.key().substring(keys.nodeClaims().length()));
        try {
            Claim.decode(entry.value());
            broken.remove(entry.key());
        } catch (IllegalArgumentException e) {
            broken.add(entry.key());
            LOGGER.atWarn()
                    .addKeyValue("key", entry.key())
                    .addKeyValue("reason", e.getMessage())
                    .log("Claim cannot be read, what is kept under its node's name stays taken");
        }
    }

    private void putCidr(KeyValue entry) {
        String key = entry.key();
        if (key.startsWith(keys.blocks())) {
            Cidr block = Cidr.parse(key.substring(keys.blocks().length()));
            replace(key, new Holding(entry.value(), List.of(block)));
            return;
        }
        Withheld one = Withheld.decode(keys, entry);
        forgetWithheld(key);
        withheld.put(key, one);
        withheldByOwner.computeIfAbsent(one.owner(), o -> new TreeSet<>()).add(one.cidr());
        replace(key, new Holding(one.owner(), List.of(one.cidr())));
    }

    private void forgetWithheld(String key) {
        @Nullable Withheld before = withheld.remove(key);
        if (before != null) {
            withheldByOwner.computeIfPresent(before.owner(), (owner, cidrs) -> {
                cidrs.remove(before.cidr());
                return cidrs.isEmpty() ? null : cidrs;
            });
        }
    }

    private void replace(String key, Holding holding) {
        drop(key);
        taken.put(key, holding);
        holding.cidrs.forEach(cidr -> take(cidr, key));
    }

    private void drop(String key) {
        Holding before = taken.remove(key);
        if (before != null) {
            before.cidrs.forEach(cidr -> free(cidr, key));
        }
    }

    private void take(Cidr cidr, String key) {
        byCidr.add(cidr, key);
        take.accept(cidr);
    }

    private void free(Cidr cidr, String key) {
        byCidr.remove(cidr, key);
        release.accept(cidr);
    }
}
