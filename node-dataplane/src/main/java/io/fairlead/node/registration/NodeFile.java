package io.fairlead.node.registration;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.ClusterName;
import io.fairlead.contract.Ip;
import io.fairlead.contract.NodeName;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.PodBlock;
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
    Optional<Agreement> read(NodeName name) {
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
            List<PodBlock> blocks = blocks(json, "podCidrs");
            if (blocks.isEmpty()) {
                throw new IllegalArgumentException("podCidrs: none (expected: at least one)");
            }
            List<Ip> routers = new ArrayList<>();
            json.path("routers").forEach(router -> routers.add(Ip.parse(router.asText())));
            List<Agreement.Asked> asked = new ArrayList<>();
            json.path("asked").forEach(one -> asked.add(asked(one)));
            return Optional.of(new Agreement(
                    name,
                    new ClusterName(json.path("cluster").asText()),
                    blocks,
                    routers,
                    asked,
                    blocks(json, "returning")));
        } catch (IOException | IllegalArgumentException e) {
            LOGGER.atError()
                    .addKeyValue("file", file)
                    .addKeyValue("error", e.getMessage())
                    .log("node file cannot be read; set aside");
            setAside();
            return Optional.empty();
        }
    }

    private static List<PodBlock> blocks(JsonNode json, String key) {
        List<PodBlock> blocks = new ArrayList<>();
        for (JsonNode cidr : json.path(key)) {
            String pool = json.path("pools").path(cidr.asText()).asText(PodBlock.DEFAULT_POOL);
            blocks.add(new PodBlock(Cidr.parse(cidr.asText()), pool));
        }
        return blocks;
    }

    private static Agreement.Asked asked(JsonNode json) {
        String id = json.path("request").asText();
        if (id.isEmpty()) {
            throw new IllegalArgumentException("asked: " + json + " (expected: a request)");
        }
        Ip.Family family = switch (json.path("family").asInt()) {
            case 4 -> Ip.Family.V4;
            case 6 -> Ip.Family.V6;
            default -> throw new IllegalArgumentException("asked: " + json + " (expected: family 4 or 6)");
        };
        return new Agreement.Asked(
                new Supply(family, PodBlock.requirePool(json.path("pool").asText())), id);
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
    void write(Agreement agreement) throws IOException {
        ObjectNode json = JSON.createObjectNode();
        json.put("name", agreement.name().value());
        json.put("cluster", agreement.cluster().value());
        texts(json, "podCidrs", agreement.podCidrs());
        texts(json, "routers", agreement.routers());
        texts(
                json,
                "returning",
                agreement.returning().stream().map(PodBlock::cidr).toList());
        ObjectNode pools = json.putObject("pools");
        Stream.concat(agreement.blocks().stream(), agreement.returning().stream())
                .filter(block -> !block.pool().equals(PodBlock.DEFAULT_POOL))
                .forEach(block -> pools.put(block.cidr().toString(), block.pool()));
        for (Agreement.Asked asked : agreement.asked()) {
            json.withArray("asked")
                    .addObject()
                    .put("pool", asked.supply().pool())
                    .put("family", asked.supply().family() == Ip.Family.V4 ? 4 : 6)
                    .put("request", asked.id());
        }
        Path temporary = file.resolveSibling("node.json.tmp");
        try {
            Files.writeString(temporary, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of texts is always JSON", e);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void texts(ObjectNode json, String key, List<?> values) {
        var array = json.putArray(key);
        values.forEach(value -> array.add(value.toString()));
    }

    private void setAside() {
        try {
            Files.move(file, file.resolveSibling("node.json.bad"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOGGER.atError().addKeyValue("error", e.getMessage()).log("node file cannot be set aside");
        }
    }
}
