package io.fairlead.ipam.grpc;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.contract.etcd.NodeRecord;
import io.fairlead.ipam.allocation.NodeAddress;
import io.fairlead.ipam.allocation.Registration;
import io.fairlead.proto.ipam.v1.Node;
import io.fairlead.proto.ipam.v1.RegisterNodeRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Requests and answers as values, and back. What cannot be read is an IllegalArgumentException naming the field. */
final class Messages {
    private Messages() {}

    static Registration registration(RegisterNodeRequest request) {
        List<NodeAddress> addresses = new ArrayList<>();
        for (io.fairlead.proto.ipam.v1.NodeAddress address : request.getAddressesList()) {
            addresses.add(new NodeAddress(kind(address), ip("addresses", address.getIp())));
        }
        List<Cidr> requested = new ArrayList<>();
        for (String text : request.getRequestedPodCidrsList()) {
            requested.add(named("requested_pod_cidrs", () -> Cidr.parse(text)));
        }
        List<Ip> health = new ArrayList<>();
        health("health_ipv4", request.getHealthIpv4(), Ip.Family.V4, health);
        health("health_ipv6", request.getHealthIpv6(), Ip.Family.V6, health);
        NodeName node = named("node_name", () -> new NodeName(request.getNodeName()));
        return new Registration(
                node, addresses, Registration.oneCidr(requested), labels(request.getLabelsList()), health);
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
        Stream.of(node.networks().v4Alloc(), node.networks().v6Alloc())
                .forEach(cidr -> cidr.ifPresent(c -> message.addPodCidrs(c.toString())));
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
