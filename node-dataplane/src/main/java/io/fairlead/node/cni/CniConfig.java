package io.fairlead.node.cni;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.Attachment;
import io.fairlead.node.endpoint.PodBlock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The network configuration of a command: JSON of the runtime, read part by part as a command needs it. */
final class CniConfig {
    /** What a configuration without a version has, by the specification. */
    private static final String UNVERSIONED = "0.1.0";

    private static final int MAX_DEPTH = 128;
    private static final Pattern NETWORK = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final ObjectNode root;

    private CniConfig(ObjectNode root) {
        this.root = root;
    }

    /** @throws CniException when it is no JSON object */
    static CniConfig parse(byte[] stdin) {
        try {
            if (JSON.readTree(stdin) instanceof ObjectNode object) {
                return new CniConfig(object);
            }
            throw new CniException(CniCode.DECODE, "network configuration: no JSON object (expected: {…})");
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new CniException(
                    CniCode.DECODE, "network configuration: not understood (expected: a JSON object)", reason, e);
        }
    }

    /** The version as it is written, which answers repeat. */
    String versionText() {
        return root.path("cniVersion").asText(UNVERSIONED);
    }

    CniVersion version() {
        return CniVersion.parse(versionText());
    }

    String network() {
        String name = root.path("name").asText();
        if (!NETWORK.matcher(name).matches()) {
            throw invalid("name", root.path("name"), "a letter or digit, then letters, digits, '_', '.' and '-'");
        }
        return name;
    }

    /** Refuses what would otherwise be silently left undone. */
    void refuseUnsupported() {
        if (root.path("ipam").has("type")) {
            throw new CniException(
                    CniCode.UNSUPPORTED_FIELD,
                    "ipam.type: " + root.path("ipam").path("type")
                            + " (expected: no ipam, addresses come from the node's pod CIDRs)");
        }
        JsonNode mac = ignoringCase(root.path("runtimeConfig"), "mac");
        if (!mac.isMissingNode()) {
            throw new CniException(
                    CniCode.UNSUPPORTED_FIELD,
                    "runtimeConfig.mac: " + mac + " (expected: absent, the node chooses it)");
        }
    }

    /** Keys and values of "args.cni.labels", in order. */
    List<Map.Entry<String, String>> labels() {
        JsonNode labels = root.path("args").path("cni").path("labels");
        List<Map.Entry<String, String>> entries = new ArrayList<>();
        for (JsonNode label : array("args.cni.labels", labels)) {
            if (!label.path("key").isTextual() || !label.path("value").isTextual()) {
                throw invalid("args.cni.labels", label, "objects with the texts key and value");
            }
            entries.add(
                    Map.entry(label.path("key").asText(), label.path("value").asText()));
        }
        return entries;
    }

    /** Addresses the pod must get: from the capability, the arguments, or the old variable; at most one a family. */
    List<Ip> requestedIps(CniArgs args) {
        List<String> texts =
                new ArrayList<>(texts("runtimeConfig.ips", ignoringCase(root.path("runtimeConfig"), "ips")));
        if (texts.isEmpty()) {
            texts.addAll(texts("args.cni.ips", root.path("args").path("cni").path("ips")));
        }
        if (texts.isEmpty()) {
            args.ip().ifPresent(texts::add);
        }
        List<Ip> ips = new ArrayList<>();
        for (String text : texts) {
            int slash = text.indexOf('/');
            Ip ip = requested(slash < 0 ? text : text.substring(0, slash));
            if (ips.stream().anyMatch(other -> other.family() == ip.family())) {
                throw new CniException(
                        CniCode.INVALID_CONFIG, "requested IPs: " + texts + " (expected: at most one a family)");
            }
            ips.add(ip);
        }
        return ips;
    }

    /** Name of the pool the pod's addresses are from: of the arguments, else of the configuration; else empty. */
    String pool(CniArgs args) {
        JsonNode said = root.path("ip-pool");
        if (!said.isMissingNode() && !said.isNull() && !said.isTextual()) {
            throw invalid("ip-pool", said, "the name of a pool");
        }
        String pool = args.pool().orElse(said.asText(""));
        try {
            return pool.isEmpty() ? pool : PodBlock.requirePool(pool);
        } catch (IllegalArgumentException e) {
            throw new CniException(CniCode.INVALID_CONFIG, String.valueOf(e.getMessage()), "", e);
        }
    }

    /** The result of the plugins before this one, if there were any. */
    Optional<ObjectNode> prevResult() {
        JsonNode result = root.path("prevResult");
        if (result.isMissingNode() || result.isNull()) {
            return Optional.empty();
        }
        if (result instanceof ObjectNode object) {
            return Optional.of(object);
        }
        throw invalid("prevResult", result, "an object");
    }

    /** What the runtime still has of this network; empty when it does not say. */
    Optional<Set<Attachment>> validAttachments() {
        JsonNode list = root.path("cni.dev/valid-attachments");
        if (list.isMissingNode() || list.isNull()) {
            return Optional.empty();
        }
        Set<Attachment> valid = new HashSet<>();
        for (JsonNode entry : array("cni.dev/valid-attachments", list)) {
            if (!entry.path("containerID").isTextual() || !entry.path("ifname").isTextual()) {
                throw invalid("cni.dev/valid-attachments", entry, "objects with the texts containerID and ifname");
            }
            valid.add(new Attachment(
                    entry.path("containerID").asText(), entry.path("ifname").asText()));
        }
        return Optional.of(valid);
    }

    private static Ip requested(String text) {
        try {
            return Ip.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CniException(CniCode.INVALID_CONFIG, "Invalid IP address: " + text, e.getMessage(), e);
        }
    }

    private static List<String> texts(String where, JsonNode node) {
        List<String> texts = new ArrayList<>();
        for (JsonNode text : array(where, node)) {
            if (!text.isTextual()) {
                throw invalid(where, text, "addresses as texts");
            }
            texts.add(text.asText());
        }
        return texts;
    }

    private static JsonNode array(String where, JsonNode node) {
        if (node.isArray() || node.isMissingNode() || node.isNull()) {
            return node;
        }
        throw invalid(where, node, "a list");
    }

    /** containerd writes keys of runtimeConfig with a capital letter. */
    private static JsonNode ignoringCase(JsonNode object, String key) {
        return object.properties().stream()
                .filter(entry -> entry.getKey().equalsIgnoreCase(key))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(object.path(key));
    }

    private static CniException invalid(String where, JsonNode value, String expected) {
        String shown = value.isMissingNode() ? "missing" : value.toString();
        return new CniException(CniCode.INVALID_CONFIG, where + ": " + shown + " (expected: " + expected + ")");
    }
}
