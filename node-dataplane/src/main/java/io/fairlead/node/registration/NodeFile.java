package io.fairlead.node.registration;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.desired.LocalNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was agreed with the ipam service, on disk: {@code node.json}.
 *
 * <p>With it a restarted agent goes on with its pods while no service can be reached.
 */
final class NodeFile {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeFile.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;

    NodeFile(Path stateDir) {
        this.file = stateDir.resolve("node.json");
    }

    /**
     * What was agreed for the node of this name; a file that cannot be read counts as none and is set aside.
     *
     * @throws IllegalStateException when it is another node's whose pods are still here
     */
    Optional<LocalNode> read(NodeName name, Ip address) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            JsonNode json = JSON.readTree(Files.readString(file));
            String agreed = json.path("name").asText();
            if (!agreed.isEmpty() && !agreed.equals(name.value())) {
                refuseWithPods(name, agreed);
                return Optional.empty();
            }
            List<Cidr> podCidrs = new ArrayList<>();
            json.path("podCidrs").forEach(cidr -> podCidrs.add(Cidr.parse(cidr.asText())));
            List<Ip> routers = new ArrayList<>();
            json.path("routers").forEach(router -> routers.add(Ip.parse(router.asText())));
            if (podCidrs.isEmpty()) {
                throw new IllegalArgumentException("podCidrs: none (expected: at least one)");
            }
            return Optional.of(
                    new LocalNode(name, new ClusterName(json.path("cluster").asText()), address, podCidrs, routers));
        } catch (IOException | IllegalArgumentException e) {
            LOGGER.atError()
                    .addKeyValue("file", file)
                    .addKeyValue("error", e.getMessage())
                    .log("node file cannot be read; set aside");
            setAside();
            return Optional.empty();
        }
    }

    /** Another name means other pod CIDRs, and every pod of the old ones would go: a slip of the pen must not do that. */
    private void refuseWithPods(NodeName name, String agreed) throws IOException {
        Path endpoints = file.resolveSibling("endpoints");
        if (!Files.isDirectory(endpoints)) {
            return;
        }
        try (Stream<Path> pods = Files.list(endpoints)) {
            if (pods.anyMatch(pod -> pod.toString().endsWith(".json"))) {
                throw new IllegalStateException("node-name: " + name + " (expected: " + agreed
                        + ", whose pods are on this node; delete them and " + file + " to give it another name)");
            }
        }
    }

    /** Keeps what was agreed; the file is whole at any moment. */
    void write(LocalNode node) throws IOException {
        ObjectNode json = JSON.createObjectNode();
        json.put("name", node.name().value());
        json.put("cluster", node.cluster().value());
        json.putArray("podCidrs")
                .addAll(node.podCidrs().stream()
                        .map(cidr -> (JsonNode) JSON.getNodeFactory().textNode(cidr.toString()))
                        .toList());
        json.putArray("routers")
                .addAll(node.routers().stream()
                        .map(router -> (JsonNode) JSON.getNodeFactory().textNode(router.toString()))
                        .toList());
        Path temporary = file.resolveSibling("node.json.tmp");
        try {
            Files.writeString(temporary, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of texts is always JSON", e);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void setAside() {
        try {
            Files.move(file, file.resolveSibling("node.json.bad"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOGGER.atError().addKeyValue("error", e.getMessage()).log("node file cannot be set aside");
        }
    }
}
