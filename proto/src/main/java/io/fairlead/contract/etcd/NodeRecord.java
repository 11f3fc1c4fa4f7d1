package io.fairlead.contract.etcd;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A node as the store holds it, in Cilium's JSON.
 *
 * @param name its name
 * @param cluster its cluster
 * @param addresses its addresses, in the order they were written
 * @param networks where its pods live and its health endpoints answer
 * @param clusterId its cluster's number, 0 to 255
 * @param details what is known of it besides
 */
public record NodeRecord(
        NodeName name,
        ClusterName cluster,
        List<Address> addresses,
        Networks networks,
        int clusterId,
        Details details) {
    private static final String KIND = "node record";

    public NodeRecord {
        addresses = List.copyOf(addresses);
        if (clusterId < 0 || clusterId > 255) {
            throw new IllegalArgumentException("cluster id: " + clusterId + " (expected: 0 to 255)");
        }
    }

    /**
     * An address of the node.
     *
     * @param type "InternalIP", "ExternalIP", "CiliumInternalIP", …
     */
    public record Address(String type, Ip ip) {
        /** The address other nodes route to. */
        public static final String INTERNAL = "InternalIP";
        /** The address the node has on its pod side. */
        public static final String CILIUM_INTERNAL = "CiliumInternalIP";
    }

    /**
     * The prefixes pods get addresses from, and the addresses health checks go to.
     *
     * @param more further prefixes of either family, which a node has been given since, without doubles
     */
    public record Networks(
            Optional<Cidr> v4Alloc,
            Optional<Cidr> v6Alloc,
            Optional<Ip> v4Health,
            Optional<Ip> v6Health,
            List<Cidr> more) {
        public Networks {
            more = List.copyOf(more);
        }

        /** Networks with one prefix a family. */
        public Networks(Optional<Cidr> v4Alloc, Optional<Cidr> v6Alloc, Optional<Ip> v4Health, Optional<Ip> v6Health) {
            this(v4Alloc, v6Alloc, v4Health, v6Health, List.of());
        }

        /** Every prefix pods get addresses from: the first IPv4 one, the first IPv6 one, then the others. */
        public List<Cidr> podCidrs() {
            List<Cidr> all = new ArrayList<>();
            v4Alloc.ifPresent(all::add);
            v6Alloc.ifPresent(all::add);
            all.addAll(more);
            return all;
        }

        /** A node with an IPv4 prefix only. */
        public static Networks v4(Cidr alloc) {
            return new Networks(Optional.of(alloc), Optional.empty(), Optional.empty(), Optional.empty());
        }
    }

    /**
     * The rest.
     *
     * @param source who said it: "local", "kvstore", "custom-resource", …
     * @param labels the node's labels by key
     * @param nodeIdentity number of the node's identity, 0 when unknown
     * @param encryptionKey number of its key, 0 for none
     */
    public record Details(String source, Map<String, String> labels, long nodeIdentity, int encryptionKey) {
        /** A node nobody said more about. */
        public static final Details NONE = new Details("local", Map.of(), 0, 0);

        public Details {
            labels = Map.copyOf(labels);
        }
    }

    /** The first address of a family that other nodes can route to: internal, or else external. */
    public Optional<Ip> routable(Ip.Family family) {
        return first(Address.INTERNAL, family).or(() -> first("ExternalIP", family));
    }

    private Optional<Ip> first(String type, Ip.Family family) {
        for (Address address : addresses) {
            if (address.ip().family() == family && address.type().equals(type)) {
                return Optional.of(address.ip());
            }
        }
        return Optional.empty();
    }

    /** The JSON text; absent fields are null, as Cilium writes them. */
    public String encode() {
        ObjectNode node = RecordText.object();
        node.put("Name", name.value());
        node.put("Cluster", cluster.value());
        ArrayNode list = node.putArray("IPAddresses");
        addresses.forEach(a -> list.addObject().put("Type", a.type()).put("IP", a.ip().toString()));
        node.set("IPv4AllocCIDR", networks.v4Alloc().map(RecordText::network).orElse(null));
        node.set("IPv6AllocCIDR", networks.v6Alloc().map(RecordText::network).orElse(null));
        more(node, "IPv4SecondaryAllocCIDRs", Ip.Family.V4);
        more(node, "IPv6SecondaryAllocCIDRs", Ip.Family.V6);
        node.put("IPv4HealthIP", networks.v4Health().map(Ip::toString).orElse(null));
        node.put("IPv6HealthIP", networks.v6Health().map(Ip::toString).orElse(null));
        node.put("ClusterID", clusterId);
        node.put("Source", details.source());
        node.put("EncryptionKey", details.encryptionKey());
        ObjectNode labels = node.putObject("Labels");
        new TreeMap<>(details.labels()).forEach(labels::put);
        node.put("NodeIdentity", details.nodeIdentity());
        return RecordText.write(node);
    }

    /** Only written when there are some, as Cilium does since 1.13. */
    private void more(ObjectNode node, String field, Ip.Family family) {
        List<Cidr> some =
                networks.more().stream().filter(c -> c.family() == family).toList();
        if (!some.isEmpty()) {
            ArrayNode list = node.putArray(field);
            some.forEach(cidr -> list.add(RecordText.network(cidr)));
        }
    }

    private static List<Cidr> secondary(RecordText node) {
        Set<Cidr> all = new LinkedHashSet<>();
        secondary(node, "IPv4SecondaryAllocCIDRs", Ip.Family.V4, all);
        secondary(node, "IPv6SecondaryAllocCIDRs", Ip.Family.V6, all);
        return List.copyOf(all);
    }

    private static void secondary(RecordText node, String field, Ip.Family family, Set<Cidr> all) {
        for (RecordText item : node.objects(field)) {
            Cidr cidr = item.asNetwork();
            node.checked(field, () -> sameFamily(cidr.family(), family));
            all.add(cidr);
        }
    }

    /**
     * Reads the JSON text; fields it does not know are passed over.
     *
     * @throws IllegalArgumentException naming the field and its value
     */
    public static NodeRecord decode(String text) {
        RecordText node = RecordText.parse(KIND, text);
        String name = node.requiredText("Name");
        Networks networks = new Networks(
                alloc(node, "IPv4AllocCIDR", Ip.Family.V4),
                alloc(node, "IPv6AllocCIDR", Ip.Family.V6),
                health(node, "IPv4HealthIP", Ip.Family.V4),
                health(node, "IPv6HealthIP", Ip.Family.V6),
                secondary(node));
        Details details = new Details(
                node.text("Source"), node.texts("Labels"), node.number("NodeIdentity", 0, 0xffffffffL), (int)
                        node.number("EncryptionKey", 0, 255));
        return new NodeRecord(
                node.checked("Name", () -> new NodeName(name)),
                node.parsed("Cluster", NodeRecord::cluster).orElse(ClusterName.DEFAULT),
                addresses(node),
                networks,
                (int) node.number("ClusterID", 0, 255),
                details);
    }

    /** Most clusters have no other name. */
    private static ClusterName cluster(String text) {
        return text.equals(ClusterName.DEFAULT.value()) ? ClusterName.DEFAULT : new ClusterName(text);
    }

    /** Host names and DNS entries are addresses to Cilium, but none a route can use. */
    private static List<Address> addresses(RecordText node) {
        List<Address> all = new ArrayList<>();
        for (RecordText item : node.objects("IPAddresses")) {
            String type = item.text("Type");
            if (!type.equals("Hostname") && !type.endsWith("DNS")) {
                String ip = item.requiredText("IP");
                all.add(new Address(item.requiredText("Type"), item.checked("IP", () -> Ip.parse(ip))));
            }
        }
        return all;
    }

    private static Optional<Cidr> alloc(RecordText node, String field, Ip.Family family) {
        Optional<Cidr> cidr = node.network(field);
        cidr.ifPresent(c -> node.checked(field, () -> sameFamily(c.family(), family)));
        return cidr;
    }

    private static Optional<Ip> health(RecordText node, String field, Ip.Family family) {
        Optional<Ip> ip = node.parsed(field, Ip::parse);
        ip.ifPresent(i -> node.checked(field, () -> sameFamily(i.family(), family)));
        return ip;
    }

    private static Ip.Family sameFamily(Ip.Family is, Ip.Family expected) {
        if (is != expected) {
            throw new IllegalArgumentException("family " + is + " (expected: " + expected + ")");
        }
        return is;
    }
}
