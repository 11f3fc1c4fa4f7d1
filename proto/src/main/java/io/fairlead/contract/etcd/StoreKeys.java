package io.fairlead.contract.etcd;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Labels;
import io.fairlead.contract.NodeName;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Keys of the store. What is read back from a key is checked as strictly as what a key is made of.
 *
 * @param prefix what all keys begin with, ending in '/'
 */
public record StoreKeys(String prefix) {
    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9._-]+/)+");

    /** What keys begin with in a Cilium cluster. */
    public static final StoreKeys DEFAULT = new StoreKeys("cilium/");

    public StoreKeys {
        if (!FORM.matcher(prefix).matches()) {
            throw new IllegalArgumentException("store prefix: \"" + prefix
                    + "\" (expected: letters, digits, '.', '_', '-' between slashes, ending in '/', such as cilium/)");
        }
    }

    /** Which node uses a label set. */
    public record IdentityUse(Labels labels, String node) {}

    /** A node of a cluster. */
    public record NodeKey(ClusterName cluster, NodeName node) {}

    /** A service of a cluster. */
    public record ServiceKey(ClusterName cluster, String namespace, String name) {}

    public String identitiesById() {
        return prefix + "state/identities/v1/id/";
    }

    public String identityById(IdentityId id) {
        return identitiesById() + id;
    }

    /** The number in a key made by {@link #identityById}. */
    public IdentityId parseIdentityById(String key) {
        String rest = rest(key, identitiesById(), "identity");
        if (!rest.matches("[1-9][0-9]{0,9}")) {
            throw wrong("identity", key, "a number behind " + identitiesById());
        }
        return parse("identity", key, () -> IdentityId.parse(rest));
    }

    public String identitiesByLabels() {
        return prefix + "state/identities/v1/value/";
    }

    /** Everything that says a node uses these labels. */
    public String usesOf(Labels labels) {
        return identitiesByLabels() + labels.encoded() + "/";
    }

    /** @param node the node's suffix: its address or name, without '/' */
    public String identityUse(Labels labels, String node) {
        return usesOf(labels) + segment("node suffix", node);
    }

    /** Labels and node in a key made by {@link #identityUse}; labels may hold slashes. */
    public IdentityUse parseIdentityUse(String key) {
        String rest = rest(key, identitiesByLabels(), "identity use");
        int slash = rest.lastIndexOf('/');
        if (slash < 0 || slash == rest.length() - 1) {
            throw wrong("identity use", key, "labels/node behind " + identitiesByLabels());
        }
        Labels labels = parse("identity use", key, () -> Labels.decode(rest.substring(0, slash)));
        return new IdentityUse(labels, rest.substring(slash + 1));
    }

    public String identityLocks() {
        return prefix + "state/identities/v1/locks/";
    }

    public String identityLock(Labels labels) {
        return identityLocks() + labels.encoded();
    }

    /** All addresses of the default address space. */
    public String ips() {
        return prefix + "state/ip/v1/default/";
    }

    /** Key of an address or prefix; of a single address without length, as Cilium has it. */
    public String ip(Cidr address) {
        return ips() + (address.isHost() ? address.address().toString() : address.toString());
    }

    public Cidr parseIp(String key) {
        String rest = rest(key, ips(), "address");
        return parse("address", key, () -> Cidr.parse(rest));
    }

    /** The nodes of all clusters. */
    public String nodes() {
        return prefix + "state/nodes/v1/";
    }

    public String nodes(ClusterName cluster) {
        return nodes() + cluster + "/";
    }

    public String node(ClusterName cluster, NodeName node) {
        return nodes(cluster) + node;
    }

    public NodeKey parseNode(String key) {
        String[] parts = parts(key, nodes(), "node", 2);
        return parse("node", key, () -> new NodeKey(new ClusterName(parts[0]), new NodeName(parts[1])));
    }

    public String services() {
        return prefix + "state/services/v1/";
    }

    public String service(ClusterName cluster, String namespace, String name) {
        return services() + cluster + "/" + segment("namespace", namespace) + "/" + segment("service", name);
    }

    public ServiceKey parseService(String key) {
        String[] parts = parts(key, services(), "service", 3);
        return parse("service", key, () -> new ServiceKey(new ClusterName(parts[0]), parts[1], parts[2]));
    }

    public String clusterConfigs() {
        return prefix + "cluster-config/";
    }

    public String clusterConfig(ClusterName cluster) {
        return clusterConfigs() + cluster;
    }

    public ClusterName parseClusterConfig(String key) {
        String rest = rest(key, clusterConfigs(), "cluster config");
        return parse("cluster config", key, () -> new ClusterName(rest));
    }

    /** Where the store's own pulse is: an RFC 3339 time. */
    public String heartbeat() {
        return prefix + ".heartbeat";
    }

    private static String[] parts(String key, String under, String what, int count) {
        String[] parts = rest(key, under, what).split("/", -1);
        boolean empty = Arrays.stream(parts).anyMatch(String::isEmpty);
        if (parts.length != count || empty) {
            throw wrong(what, key, count + " names behind " + under);
        }
        return parts;
    }

    private static String rest(String key, String under, String what) {
        if (!key.startsWith(under) || key.length() == under.length()) {
            throw wrong(what, key, "a key under " + under);
        }
        return key.substring(under.length());
    }

    private static String segment(String what, String value) {
        boolean bad = value.isEmpty() || value.chars().anyMatch(c -> c == '/' || c <= 0x20 || c == 0x7f);
        if (bad) {
            throw new IllegalArgumentException(
                    what + ": \"" + value + "\" (expected: not empty, no '/', space or control character)");
        }
        return value;
    }

    private static <T> T parse(String what, String key, Supplier<T> parser) {
        try {
            return parser.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(what + " key: \"" + key + "\": " + e.getMessage(), e);
        }
    }

    private static IllegalArgumentException wrong(String what, String key, String expected) {
        return new IllegalArgumentException(what + " key: \"" + key + "\" (expected: " + expected + ")");
    }
}
