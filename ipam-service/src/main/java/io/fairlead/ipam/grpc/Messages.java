package io.fairlead.ipam.grpc;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.NodeAddress;
import io.fairlead.ipam.allocation.Occupancy;
import io.fairlead.ipam.allocation.Registration;
import io.fairlead.ipam.allocation.Withdrawals;
import io.fairlead.ipam.pool.Pool;
import io.fairlead.proto.ipam.v1.Node;
import io.fairlead.proto.ipam.v1.PoolCidrs;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import io.fairlead.proto.ipam.v1.WithheldCidr;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Requests and answers as values, and back. What cannot be read is an IllegalArgumentException naming the field. */
final class Messages {
    private Messages() {}

    static Registration registration(RegisterNodeRequest request) {
        List<NodeAddress> addresses = new ArrayList<>();
        for (io.fairlead.proto.ipam.v1.NodeAddress address : request.getAddressesList()) {
            addresses.add(new NodeAddress(kind(address), ip("addresses", address.getIp())));
        }
        List<Cidr> requested = cidrs("requested_pod_cidrs", request.getRequestedPodCidrsList());
        List<Ip> health = new ArrayList<>();
        health("health_ipv4", request.getHealthIpv4(), Ip.Family.V4, health);
        health("health_ipv6", request.getHealthIpv6(), Ip.Family.V6, health);
        NodeName node = node(request.getNodeName());
        Set<Ip.Family> families = EnumSet.noneOf(Ip.Family.class);
        request.getIpVersionsList().forEach(version -> families.add(family("ip_versions", version)));
        Registration.Wants wants = new Registration.Wants(pool(request.getPool()), requested, families);
        return new Registration(node, addresses, wants, labels(request.getLabelsList()), health);
    }

    /** The pool's name, "default" when none is given. */
    static String pool(String text) {
        return text.isEmpty() ? Pool.DEFAULT : new Pool(text, Map.of()).name();
    }

    static Ip.Family family(String field, int version) {
        return switch (version) {
            case 4 -> Ip.Family.V4;
            case 6 -> Ip.Family.V6;
            default -> throw new IllegalArgumentException(field + ": " + version + " (expected: 4 or 6)");
        };
    }

    /** A revision of the store; 0 for none. */
    static long revision(String field, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(field + ": " + value + " (expected: a revision, or 0)");
        }
        return value;
    }

    static NodeName node(String text) {
        return named("node_name", () -> new NodeName(text));
    }

    static Cidr cidr(String field, String text) {
        return named(field, () -> Cidr.parse(text));
    }

    static List<Cidr> cidrs(String field, List<String> texts) {
        return texts.stream().map(text -> cidr(field, text)).toList();
    }

    static io.fairlead.proto.ipam.v1.Pool pool(Pool pool, Occupancy occupancy) {
        io.fairlead.proto.ipam.v1.Pool.Builder message =
                io.fairlead.proto.ipam.v1.Pool.newBuilder().setName(pool.name());
        pool.families().forEach((family, blocks) -> {
            Occupancy.Usage usage = occupancy.usage(pool.name(), family);
            message.addFamilies(PoolCidrs.newBuilder()
                    .setIpVersion(family == Ip.Family.V4 ? 4 : 6)
                    .addAllCidrs(blocks.cidrs().stream().map(Cidr::toString).toList())
                    .setMaskSize(blocks.maskSize())
                    .setBlocks(blocks.size())
                    .setTaken(usage.taken())
                    .setWithheld(usage.withheld()));
        });
        return message.build();
    }

    static WithheldCidr withheld(Withdrawals.Waiting waiting) {
        return WithheldCidr.newBuilder()
                .setCidr(waiting.cidr().toString())
                .setNodeName(waiting.node())
                .setRevision(waiting.revision())
                .addAllWaitingFor(
                        waiting.waitingFor().stream().map(NodeName::value).toList())
                .build();
    }

    static Node node(NodeRecord node) {
        Node.Builder message = Node.newBuilder()
                .setNodeName(node.name().value())
                .setClusterName(node.cluster().value());
        for (NodeRecord.Address address : node.addresses()) {
            message.addAddresses(io.fairlead.proto.ipam.v1.NodeAddress.newBuilder()
                    .setType(type(address.type()))
                    .setIp(address.ip().toString()));
        }
        node.networks().podCidrs().forEach(cidr -> message.addPodCidrs(cidr.toString()));
        return message.build();
    }

    private static NodeAddress.Kind kind(io.fairlead.proto.ipam.v1.NodeAddress address) {
        return switch (address.getType()) {
            case TYPE_INTERNAL_IP -> NodeAddress.Kind.INTERNAL;
            case TYPE_EXTERNAL_IP -> NodeAddress.Kind.EXTERNAL;
            case TYPE_HOSTNAME -> NodeAddress.Kind.HOSTNAME;
            case TYPE_ROUTER_IP -> NodeAddress.Kind.ROUTER;
            case TYPE_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("addresses: type of " + address.getIp()
                        + " (expected: TYPE_INTERNAL_IP, TYPE_EXTERNAL_IP, TYPE_HOSTNAME or TYPE_ROUTER_IP)");
        };
    }

    private static io.fairlead.proto.ipam.v1.NodeAddress.Type type(String text) {
        return switch (text) {
            case "InternalIP" -> io.fairlead.proto.ipam.v1.NodeAddress.Type.TYPE_INTERNAL_IP;
            case "ExternalIP" -> io.fairlead.proto.ipam.v1.NodeAddress.Type.TYPE_EXTERNAL_IP;
            case "Hostname" -> io.fairlead.proto.ipam.v1.NodeAddress.Type.TYPE_HOSTNAME;
            case "CiliumInternalIP" -> io.fairlead.proto.ipam.v1.NodeAddress.Type.TYPE_ROUTER_IP;
            default -> io.fairlead.proto.ipam.v1.NodeAddress.Type.TYPE_UNSPECIFIED;
        };
    }

    private static Map<String, String> labels(List<String> texts) {
        Map<String, String> labels = new TreeMap<>();
        for (String text : texts) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("labels: \"" + text + "\" (expected: key=value)");
            }
            labels.put(text.substring(0, equals), text.substring(equals + 1));
        }
        return labels;
    }

    private static void health(String field, String text, Ip.Family family, List<Ip> into) {
        if (text.isEmpty()) {
            return;
        }
        Ip ip = ip(field, text);
        if (ip.family() != family) {
            throw new IllegalArgumentException(
                    field + ": " + text + " (expected: an " + (family == Ip.Family.V4 ? "IPv4" : "IPv6") + " address)");
        }
        into.add(ip);
    }

    private static Ip ip(String field, String text) {
        return named(field, () -> Ip.parse(text));
    }

    private static <T> T named(String field, java.util.function.Supplier<T> value) {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(field + ": " + e.getMessage(), e);
        }
    }
}
