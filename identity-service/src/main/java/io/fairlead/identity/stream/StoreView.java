package io.fairlead.identity.stream;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.contract.etcd.StoreKeys.NodeKey;
import io.fairlead.contract.policy.PolicyName;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.identity.policy.PolicySizes;
import io.fairlead.identity.stream.TableKey.Address;
import io.fairlead.identity.stream.TableValue.AddressIdentity;
import io.fairlead.identity.stream.TableValue.LabelSet;
import io.fairlead.identity.stream.TableValue.PolicyRules;
import io.fairlead.identity.stream.TableValue.Source;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.WatchEvent;
import io.fairlead.runtime.stream.Change;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what the store's watch says into changes of the nodes' table.
 *
 * <p>A node's own address wins over an endpoint published under it. A value that cannot be read is counted, logged, and
 * what was known before stays. For one thread at a time.
 */
final class StoreView {
    private static final Logger LOGGER = LoggerFactory.getLogger(StoreView.class);

    private final StoreKeys keys;
    private final Map<Cidr, AddressIdentity> endpoints = new HashMap<>();
    // By address, then by the record's key: two nodes may claim one address while one of them moves.
    private final Map<Cidr, TreeMap<String, AddressIdentity>> nodes = new HashMap<>();
    private final Map<String, Set<Cidr>> addressesOf = new HashMap<>();
    private final List<Change<TableKey, TableValue>> changes = new ArrayList<>();
    private final Set<NodeKey> members = new HashSet<>();
    private final PolicySizes sizes;
    private PolicyReading.Readings policies = PolicyReading.Readings.NONE;
    private final Map<String, String> failing = new TreeMap<>();
    // Numbers and policies that have a value.
    private final Set<TableKey> told = new HashSet<>();
    private long unreadable;

    StoreView(StoreKeys keys, PolicySizes sizes) {
        this.keys = keys;
        this.sizes = sizes;
    }

    /** Whether an entry can be read; what others say does not count. Any thread. */
    static boolean reads(StoreKeys keys, KeyValue entry) {
        StoreView alone = new StoreView(keys, new PolicySizes());
        alone.policies = PolicyReading.of(List.of(new WatchEvent.Put(entry)));
        try {
            alone.take(entry.key(), Optional.of(entry));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** How many values could not be read so far. */
    long unreadable() {
        return unreadable;
    }

    /** What is wrong with entries whose last value could not be read, and whether anything is served in its place; or nothing. */
    String failing() {
        StringBuilder text = new StringBuilder();
        failing.forEach((key, why) -> text.append("; unreadable ")
                .append(key)
                .append(": ")
                .append(why)
                .append(serves(key) ? "; served as last read" : "; no readable value known, served without it"));
        return text.toString();
    }

    private boolean serves(String key) {
        try {
            if (key.startsWith(keys.ips())) {
                return endpoints.containsKey(keys.parseIp(key));
            }
            if (key.startsWith(keys.identitiesById())) {
                return told.contains(new TableKey.Identity(keys.parseIdentityById(key)));
            }
            return key.startsWith(PolicyKeys.PREFIX)
                    ? told.contains(new TableKey.PolicyKey(PolicyKeys.parse(key)))
                    : addressesOf.containsKey(key);
        } catch (IllegalArgumentException e) {
            // the key itself says nothing
            return false;
        }
    }

    /** The nodes there are, of all clusters; changes with the view. */
    Set<NodeKey> members() {
        return members;
    }

    /** The changes that events make, in order. */
    List<Change<TableKey, TableValue>> apply(List<WatchEvent> events) {
        return apply(events, PolicyReading.of(events));
    }

    /** As above, with its policies read before. */
    List<Change<TableKey, TableValue>> apply(List<WatchEvent> events, PolicyReading.Readings read) {
        changes.clear();
        policies = read;
        for (WatchEvent event : events) {
            if (event instanceof WatchEvent.Put put) {
                read(put.entry().key(), Optional.of(put.entry()));
            } else if (event instanceof WatchEvent.Delete delete) {
                read(delete.key(), Optional.empty());
            }
        }
        policies = PolicyReading.Readings.NONE;
        return List.copyOf(changes);
    }

    private void read(String key, Optional<KeyValue> entry) {
        try {
            take(key, entry);
            failing.remove(key);
        } catch (IllegalArgumentException e) {
            unreadable++;
            failing.put(key, String.valueOf(e.getMessage()));
            LOGGER.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("reason", e.getMessage())
                    .log("Store entry cannot be read, what was known stays");
        }
    }

    private void take(String key, Optional<KeyValue> entry) {
        Optional<String> value = entry.map(KeyValue::value);
        if (key.startsWith(keys.ips())) {
            endpoint(keys.parseIp(key), value);
        } else if (key.startsWith(keys.nodes())) {
            NodeKey name = keys.parseNode(key);
            // its name is in the key: it is a node, whatever else it says
            value.ifPresentOrElse(there -> members.add(name), () -> members.remove(name));
            node(key, value.map(NodeRecord::decode));
        } else if (key.startsWith(keys.identitiesById())) {
            TableKey number = new TableKey.Identity(keys.parseIdentityById(key));
            change(number, value.map(text -> new LabelSet(labels(text))));
        } else if (key.startsWith(PolicyKeys.PREFIX)) {
            policy(PolicyKeys.parse(key), entry);
        }
    }

    private void policy(PolicyName name, Optional<KeyValue> entry) {
        Optional<PolicyRules> rules = entry.map(there -> policies.of(there).rules());
        if (rules.isPresent()) {
            int bytes = rules.get().message().size();
            if (sizes.with(Map.of(name, bytes)) > PolicySizes.MAX_BYTES) {
                throw new IllegalArgumentException("policy: " + bytes + " bytes, and more than " + PolicySizes.MAX_BYTES
                        + " with all others (expected: fewer or smaller policies)");
            }
            sizes.put(name, bytes);
        } else {
            sizes.remove(name);
        }
        change(new TableKey.PolicyKey(name), rules);
    }

    /** Larger than a node could be told, were there many of them: nobody of ours wrote it. */
    private static Labels labels(String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > Labels.MAX_ENCODED_BYTES) {
            throw new IllegalArgumentException(
                    "labels: " + bytes + " bytes (expected: at most " + Labels.MAX_ENCODED_BYTES + ")");
        }
        return Labels.decodeIdentity(text);
    }

    private void endpoint(Cidr prefix, Optional<String> value) {
        if (value.isEmpty()) {
            endpoints.remove(prefix);
        } else {
            IpIdentityRecord record = IpIdentityRecord.decode(value.get());
            if (!record.address().equals(prefix)) {
                throw new IllegalArgumentException("ip record: " + record.address() + " (expected: " + prefix + ")");
            }
            IpIdentityRecord.Pod pod = record.pod();
            endpoints.put(
                    prefix,
                    new AddressIdentity(record.id(), record.host(), pod.namespace(), pod.name(), Source.ENDPOINT));
        }
        settle(prefix);
    }

    private void node(String key, Optional<NodeRecord> record) {
        Map<Cidr, AddressIdentity> now = new TreeMap<>();
        record.ifPresent(node -> {
            for (NodeRecord.Address address : node.addresses()) {
                boolean counts = address.type().equals(NodeRecord.Address.INTERNAL)
                        || address.type().equals(NodeRecord.Address.CILIUM_INTERNAL);
                if (counts) {
                    Optional<Ip> host = node.routable(address.ip().family());
                    now.put(
                            address.ip().toCidr(),
                            new AddressIdentity(IdentityId.REMOTE_NODE, host, "", "", Source.NODE));
                }
            }
        });
        Set<Cidr> touched = new TreeSet<>(addressesOf.getOrDefault(key, Set.of()));
        touched.addAll(now.keySet());
        addressesOf.put(key, now.keySet());
        if (record.isEmpty()) {
            addressesOf.remove(key);
        }
        for (Cidr prefix : touched) {
            TreeMap<String, AddressIdentity> claims = nodes.computeIfAbsent(prefix, ignored -> new TreeMap<>());
            claims.remove(key);
            Optional.ofNullable(now.get(prefix)).ifPresent(identity -> claims.put(key, identity));
            if (claims.isEmpty()) {
                nodes.remove(prefix);
            }
            settle(prefix);
        }
    }

    private void settle(Cidr prefix) {
        Optional<AddressIdentity> node = Optional.ofNullable(nodes.get(prefix))
                .map(claims -> claims.firstEntry().getValue());
        change(new Address(prefix), node.or(() -> Optional.ofNullable(endpoints.get(prefix))));
    }

    private void change(TableKey key, Optional<? extends TableValue> value) {
        if (!(key instanceof Address) && value.isPresent()) {
            told.add(key);
        } else {
            told.remove(key);
        }
        changes.add(
                value.isPresent()
                        ? new Change.Upsert<>(key, value.get())
                        : new Change.Remove<TableKey, TableValue>(key));
    }
}
