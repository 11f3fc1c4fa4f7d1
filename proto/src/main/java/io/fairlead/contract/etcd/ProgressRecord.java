package io.fairlead.contract.etcd;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.NodeName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far the nodes are that one replica serves.
 *
 * @param epoch names the table's life the versions belong to
 * @param version of the replica's table, an etcd revision
 * @param behind versions of the nodes that are not there yet, 0 for nothing acknowledged; at most {@link #MOST} of them
 * @param least version of the nodes furthest behind, also of those that {@code behind} has no room for
 * @param failed what nodes could not do: reasons by key, by node; at most {@link #MOST} nodes
 */
public record ProgressRecord(
        String epoch, long version, Map<NodeName, Long> behind, long least, Map<NodeName, Map<String, String>> failed) {
    /** Nodes that are named one by one. */
    public static final int MOST = 200;

    private static final String KIND = "progress record";

    public ProgressRecord {
        behind = Map.copyOf(behind);
        failed = Map.copyOf(failed);
    }

    /** The JSON text. */
    public String encode() {
        ObjectNode node = RecordText.object();
        node.put("epoch", epoch);
        node.put("version", version);
        node.put("least", least);
        ArrayNode late = node.putArray("behind");
        new TreeMap<>(behind)
                .forEach(
                        (name, at) -> late.addObject().put("node", name.value()).put("version", at));
        ArrayNode refused = node.putArray("failed");
        new TreeMap<>(failed).forEach((name, reasons) -> {
            ObjectNode entry = refused.addObject().put("node", name.value());
            ObjectNode texts = entry.putObject("reasons");
            new TreeMap<>(reasons).forEach(texts::put);
        });
        return RecordText.write(node);
    }

    /**
     * Reads the JSON text.
     *
     * @throws IllegalArgumentException naming the field and its value
     */
    public static ProgressRecord decode(String text) {
        RecordText node = RecordText.parse(KIND, text);
        Map<NodeName, Long> behind = new TreeMap<>();
        for (RecordText item : node.objects("behind")) {
            behind.put(name(item), item.number("version", 0, Long.MAX_VALUE));
        }
        Map<NodeName, Map<String, String>> failed = new TreeMap<>();
        for (RecordText item : node.objects("failed")) {
            failed.put(name(item), item.texts("reasons"));
        }
        return new ProgressRecord(
                node.text("epoch"),
                node.number("version", 0, Long.MAX_VALUE),
                behind,
                node.number("least", 0, Long.MAX_VALUE),
                failed);
    }

    /** The names of the nodes a replica serves, as JSON text. */
    public static String encodeMembers(List<NodeName> nodes) {
        ObjectNode node = RecordText.object();
        ArrayNode list = node.putArray("nodes");
        nodes.stream().sorted().forEach(name -> list.addObject().put("node", name.value()));
        return RecordText.write(node);
    }

    /**
     * Reads what {@link #encodeMembers} wrote.
     *
     * @throws IllegalArgumentException naming the field and its value
     */
    public static List<NodeName> decodeMembers(String text) {
        List<NodeName> nodes = new ArrayList<>();
        RecordText.parse(KIND, text).objects("nodes").forEach(item -> nodes.add(name(item)));
        return nodes;
    }

    private static NodeName name(RecordText item) {
        String name = item.requiredText("node");
        return item.checked("node", () -> new NodeName(name));
    }
}
