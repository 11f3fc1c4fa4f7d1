package io.fairlead.node.endpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.EndpointId;
import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Labels;
import io.fairlead.contract.Mac;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The form of an endpoint's file. Unknown keys are left alone, so an older agent reads what a newer one wrote. */
final class EndpointJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private EndpointJson() {}

    static byte[] write(Endpoint endpoint) {
        ObjectNode root = JSON.createObjectNode();
        root.put("id", endpoint.id().value());
        root.put("state", endpoint.state().text());
        writeRequest(root, endpoint.request());
        ArrayNode addresses = root.putArray("addresses");
        for (PodAddress address : endpoint.addresses()) {
            addresses
                    .addObject()
                    .put("ip", address.ip().toString())
                    .put("gateway", address.gateway().toString());
        }
        endpoint.identity().ifPresent(identity -> root.put("identity", identity.toString()));
        endpoint.device()
                .ifPresent(device -> root.putObject("device")
                        .put("ifindex", device.ifindex())
                        .put("mac", device.mac().toString())
                        .put("nodeMac", device.nodeMac().toString())
                        .put("mtu", device.mtu()));
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of texts and numbers can be written", e);
        }
    }

    /** @throws IllegalArgumentException when it is no endpoint */
    static Endpoint read(byte[] bytes) {
        try {
            JsonNode root = JSON.readTree(bytes);
            return new Endpoint(
                    new EndpointId(number(root, "id")),
                    readRequest(root),
                    readAddresses(root.path("addresses")),
                    optional(root, "identity").map(IdentityId::parse),
                    readDevice(root.path("device")),
                    EndpointState.parse(text(root, "state")));
        } catch (java.io.IOException e) {
            throw new IllegalArgumentException("endpoint file: no JSON (expected: an object): " + e.getMessage(), e);
        }
    }

    private static void writeRequest(ObjectNode root, EndpointRequest request) {
        root.put("containerId", request.attachment().containerId());
        root.put("ifname", request.attachment().ifname());
        root.put("netns", request.netns());
        root.put("network", request.network());
        request.workload().namespace().ifPresent(namespace -> root.put("namespace", namespace));
        request.workload().pod().ifPresent(pod -> root.put("pod", pod));
        root.put("labels", request.workload().labels().encoded());
        ArrayNode requested = root.putArray("requestedIps");
        request.requestedIps().forEach(ip -> requested.add(ip.toString()));
        if (!request.pool().isEmpty()) {
            root.put("pool", request.pool());
        }
    }

    private static EndpointRequest readRequest(JsonNode root) {
        List<Ip> requested = new ArrayList<>();
        for (JsonNode ip : root.path("requestedIps")) {
            requested.add(Ip.parse(ip.asText()));
        }
        Workload workload =
                new Workload(optional(root, "namespace"), optional(root, "pod"), Labels.decode(text(root, "labels")));
        Attachment attachment = new Attachment(text(root, "containerId"), text(root, "ifname"));
        return new EndpointRequest(
                attachment,
                text(root, "netns"),
                text(root, "network"),
                workload,
                requested,
                optional(root, "pool").orElse(""));
    }

    private static List<PodAddress> readAddresses(JsonNode array) {
        List<PodAddress> addresses = new ArrayList<>();
        for (JsonNode node : array) {
            addresses.add(new PodAddress(Ip.parse(text(node, "ip")), Ip.parse(text(node, "gateway"))));
        }
        return addresses;
    }

    private static Optional<Device> readDevice(JsonNode node) {
        if (node.isMissingNode()) {
            return Optional.empty();
        }
        return Optional.of(new Device(
                number(node, "ifindex"),
                Mac.parse(text(node, "mac")),
                Mac.parse(text(node, "nodeMac")),
                number(node, "mtu")));
    }

    private static Optional<String> optional(JsonNode node, String key) {
        return node.has(key) ? Optional.of(text(node, key)) : Optional.empty();
    }

    private static String text(JsonNode node, String key) {
        if (!node.path(key).isTextual()) {
            throw new IllegalArgumentException("endpoint file: " + key + " is " + node.path(key) + " (expected: text)");
        }
        return node.path(key).asText();
    }

    private static int number(JsonNode node, String key) {
        if (!node.path(key).canConvertToInt() || !node.path(key).isIntegralNumber()) {
            throw new IllegalArgumentException(
                    "endpoint file: " + key + " is " + node.path(key) + " (expected: a whole number)");
        }
        return node.path(key).asInt();
    }
}
