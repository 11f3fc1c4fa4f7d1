package io.fairlead.soak.check;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.IpIdentityRecord;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.contract.etcd.OwnKeys;
import io.fairlead.contract.etcd.StoreKeys;
import io.fairlead.identity.policy.PolicyKeys;
import io.fairlead.identity.policy.PolicyRecord;
import io.fairlead.soak.history.Subject;
import io.fairlead.soak.store.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * The store as it went through its revisions, and what no revision may show.
 *
 * <p>Like a service it keeps what it last could read of a key whose value it cannot read. For one thread at a time.
 */
public final class StoreModel {
    private static final StoreKeys KEYS = StoreKeys.DEFAULT;
    private static final String PROGRESS = OwnKeys.progress(OwnKeys.Table.ROUTES);
    private static final String DECIDING = "fairlead/identity/v1/labels/";

    private final Map<String, String> raw = new TreeMap<>();
    private final Map<String, NodeRecord> nodes = new TreeMap<>();
    private final Map<String, IpIdentityRecord> ips = new TreeMap<>();
    private final Map<IdentityId, String> labels = new TreeMap<>();
    private final Map<String, TreeSet<IdentityId>> numbers = new HashMap<>();
    private final Map<String, String> deciding = new HashMap<>();
    private final Map<String, PolicyRecord> policies = new TreeMap<>();
    private final Map<String, String> uses = new TreeMap<>();
    private final List<Violation> found = new ArrayList<>();
    private final CidrReuse reuse;
    private long revision;
    private long unreadable;

    /** A store without nodes that could be asked. */
    public StoreModel() {
        this((node, cidr) -> Optional.empty());
    }

    /**
     * An empty store.
     *
     * @param hops where a node sends what is for a CIDR at present
     */
    public StoreModel(BiFunction<NodeName, Cidr, Optional<String>> hops) {
        this.reuse = new CidrReuse(hops);
    }

    /** Takes changes in, in the order of their revisions. */
    public void apply(List<Change> changes) {
        for (Change change : changes) {
            if (change.revision() > revision) {
                reuse.acknowledge();
                revision = change.revision();
            }
            change.value().ifPresentOrElse(value -> raw.put(change.key(), value), () -> raw.remove(change.key()));
            try {
                read(change);
            } catch (IllegalArgumentException e) {
                unreadable++;
            }
        }
    }

    /** Revision of the last change. */
    public long revision() {
        return revision;
    }

    /** Values that could not be read so far. */
    public long unreadable() {
        return unreadable;
    }

    /** What was found so far, at whatever revision. */
    public List<Violation> found() {
        List<Violation> all = new ArrayList<>(found);
        all.addAll(reuse.found());
        return all;
    }

    /** Every key and its present value. */
    public Map<String, String> raw() {
        return new TreeMap<>(raw);
    }

    Map<String, NodeRecord> nodes() {
        return nodes;
    }

    Map<String, IpIdentityRecord> ips() {
        return ips;
    }

    Map<IdentityId, String> labels() {
        return labels;
    }

    Map<String, PolicyRecord> policies() {
        return policies;
    }

    /** The state of each subject that is there, in the words of histories. */
    public Map<String, String> subjects() {
        Map<String, String> states = new TreeMap<>();
        nodes.values().forEach(node -> states.put(Subject.node(node.name().value()), cidrs(node)));
        ips.values()
                .forEach(ip -> states.put(
                        Subject.ip(ip.address().address().toString()),
                        Integer.toUnsignedLong(ip.id().value()) + "@"
                                + ip.host().map(Object::toString).orElse("")));
        states.putAll(uses);
        policies.forEach((key, policy) -> states.put(
                "policy/" + key.substring(PolicyKeys.PREFIX.length()),
                policy.document().path("spec").path("description").asText()));
        return states;
    }

    private static String cidrs(NodeRecord node) {
        return String.join(
                ",",
                new TreeSet<>(node.networks().podCidrs())
                        .stream().map(Cidr::toString).toList());
    }

    private void read(Change change) {
        String key = change.key();
        Optional<String> value = change.value();
        if (key.startsWith(KEYS.nodes())) {
            KEYS.parseNode(key);
            node(change, value.map(NodeRecord::decode));
        } else if (key.startsWith(KEYS.ips())) {
            KEYS.parseIp(key);
            set(ips, key, value.map(IpIdentityRecord::decode));
        } else if (key.startsWith(KEYS.identitiesById())) {
            identity(change, KEYS.parseIdentityById(key), value.map(text -> checked(text)));
        } else if (key.startsWith(KEYS.identitiesByLabels())) {
            StoreKeys.IdentityUse use = KEYS.parseIdentityUse(key);
            String subject = Subject.use(use.labels().encoded(), use.node());
            set(uses, subject, value.map(StoreModel::number));
        } else if (key.startsWith(PolicyKeys.PREFIX)) {
            PolicyKeys.parse(key);
            set(policies, key, value.map(PolicyRecord::decode));
        } else if (key.startsWith(PROGRESS)) {
            reuse.progress(change);
        } else if (key.startsWith(DECIDING)) {
            deciding(change, value.map(StoreModel::number));
        }
    }

    /** Nobody is given 0: it says that a number is not known. */
    private static String number(String text) {
        IdentityId id = IdentityId.parse(text);
        if (id.value() == 0) {
            throw new IllegalArgumentException("identity: 0 (expected: one that can be given)");
        }
        return id.toString();
    }

    private static String checked(String encoded) {
        var unused = Labels.decodeIdentity(encoded);
        return encoded;
    }

    private static <K, V> void set(Map<K, V> map, K key, Optional<V> value) {
        value.ifPresentOrElse(there -> map.put(key, there), () -> map.remove(key));
    }

    private void node(Change change, Optional<NodeRecord> record) {
        Optional<NodeRecord> before = Optional.ofNullable(nodes.get(change.key()));
        set(nodes, change.key(), record);
        reuse.record(
                change,
                before,
                record,
                nodes.values().stream().map(NodeRecord::name).collect(Collectors.toSet()));
        if (record.isEmpty()) {
            return;
        }
        NodeName own = record.get().name();
        for (Map.Entry<String, NodeRecord> other : nodes.entrySet()) {
            if (other.getKey().equals(change.key())) {
                continue;
            }
            for (Cidr theirs : other.getValue().networks().podCidrs()) {
                record.get().networks().podCidrs().stream()
                        .filter(theirs::overlaps)
                        .forEach(ours -> report(
                                change,
                                Invariant.NO_SHARED_CIDR,
                                own + " has " + ours + ", and "
                                        + other.getValue().name() + " has " + theirs
                                        + " (expected: CIDRs that do not overlap)",
                                Subject.node(own.value())));
            }
        }
    }

    private void identity(Change change, IdentityId id, Optional<String> encoded) {
        String before = labels.get(id);
        if (before != null) {
            TreeSet<IdentityId> others = numbers.get(before);
            if (others != null) {
                others.remove(id);
            }
        }
        set(labels, id, encoded);
        if (encoded.isEmpty()) {
            return;
        }
        if (before != null && !before.equals(encoded.get())) {
            report(
                    change,
                    Invariant.NO_SHARED_IDENTITY,
                    "number " + id + " of " + before + " was given to " + encoded.get() + " (expected: to stay)",
                    "");
        }
        TreeSet<IdentityId> same = numbers.computeIfAbsent(encoded.get(), labelSet -> new TreeSet<>());
        same.add(id);
        if (same.size() > 1) {
            report(
                    change,
                    Invariant.NO_DOUBLE_IDENTITY,
                    encoded.get() + " has " + same + " (expected: one number)",
                    "");
        }
    }

    private void deciding(Change change, Optional<String> number) {
        String before = deciding.get(change.key());
        if (before != null && number.isPresent() && !before.equals(number.get())) {
            report(
                    change,
                    Invariant.NO_DOUBLE_IDENTITY,
                    change.key() + " was " + before + ", and became " + number.get() + " (expected: to stay)",
                    "");
        }
        set(deciding, change.key(), number);
    }

    private void report(Change change, Invariant invariant, String text, String subject) {
        found.add(
                new Violation(invariant, "store revision " + change.revision() + ": " + text, subject, change.seen()));
    }
}
