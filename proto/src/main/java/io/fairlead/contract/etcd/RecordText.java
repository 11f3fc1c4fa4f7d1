package io.fairlead.contract.etcd;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads fields of a JSON object as Go's encoding/json does: the exact name first, then regardless of case; null as
 * absent. Refuses with the record's kind, the field and the value.
 */
final class RecordText {
    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(20)
                            .maxStringLength(1 << 20)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    /** How much of a refused value an error repeats. */
    private static final int SHOWN = 120;

    private final String kind;
    /** Where in the record it is, for refusals. */
    private final @Nullable String within;

    private final JsonNode object;

    private RecordText(String kind, @Nullable String within, JsonNode object) {
        this.kind = kind;
        this.within = within;
        this.object = object;
    }

    private String place() {
        return within == null ? kind : kind + " " + within;
    }

    static RecordText parse(String kind, String text) {
        try {
            JsonNode plain = PlainJson.read(text);
            JsonNode tree = plain == null ? general(text) : plain;
            if (tree != null && tree.isObject()) {
                return new RecordText(kind, null, tree);
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    kind + ": \"" + shorten(text) + "\" (expected: a JSON object): " + reason(e), e);
        }
        throw new IllegalArgumentException(kind + ": \"" + shorten(text) + "\" (expected: a JSON object)");
    }

    /** Reads or refuses any text. */
    static JsonNode general(String text) throws JsonProcessingException {
        return JSON.readTree(text);
    }

    /** Without where the parser's source is, which it does not know, and what else it would have taken. */
    private static String reason(JsonProcessingException e) {
        String said = String.valueOf(e.getOriginalMessage());
        return shorten(said.replaceFirst("(?s) \\(start marker at.*|: (was expecting|expected a valid value).*", ""));
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    static String write(ObjectNode object) {
        return object.toString();
    }

    /** Cilium's form of a Go net.IPNet: the address as text, the mask as base64 of its bytes. */
    static ObjectNode network(Cidr cidr) {
        ObjectNode node = object();
        node.put("IP", cidr.address().toString());
        node.put("Mask", mask(cidr));
        return node;
    }

    static String mask(Cidr cidr) {
        byte[] bytes = new byte[cidr.family().bits() / 8];
        for (int bit = 0; bit < cidr.prefixLength(); bit++) {
            bytes[bit / 8] |= (byte) (0x80 >>> (bit % 8));
        }
        return Base64.getEncoder().encodeToString(bytes);
    }

    Optional<JsonNode> field(String name) {
        return Optional.ofNullable(find(name));
    }

    private @Nullable JsonNode find(String name) {
        JsonNode found = object.get(name);
        if (found == null) {
            Iterator<Map.Entry<String, JsonNode>> fields = object.properties().iterator();
            while (found == null && fields.hasNext()) {
                Map.Entry<String, JsonNode> field = fields.next();
                found = field.getKey().equalsIgnoreCase(name) ? field.getValue() : null;
            }
        }
        return found == null || found.isNull() ? null : found;
    }

    String text(String name) {
        JsonNode node = find(name);
        return node == null ? "" : asText(name, node);
    }

    String requiredText(String name) {
        String text = text(name);
        if (text.isEmpty()) {
            throw new IllegalArgumentException(place() + " " + name + ": none (expected: a text)");
        }
        return text;
    }

    /** A field of text in a form of its own; absent when empty. */
    <T> Optional<T> parsed(String name, Function<String, T> parser) {
        String text = text(name);
        return text.isEmpty() ? Optional.empty() : Optional.of(checked(name, () -> parser.apply(text)));
    }

    /** A whole number; 0 when absent, as Go has it. */
    long number(String name, long least, long most) {
        JsonNode node = find(name);
        if (node == null) {
            return 0;
        }
        boolean whole = node.isIntegralNumber() && node.canConvertToLong();
        if (!whole || node.asLong() < least || node.asLong() > most) {
            throw refused(name, node, least + " to " + most);
        }
        return node.asLong();
    }

    List<RecordText> objects(String name) {
        JsonNode node = find(name);
        if (node == null) {
            return List.of();
        }
        if (!node.isArray()) {
            throw refused(name, node, "a list");
        }
        List<RecordText> found = new ArrayList<>(node.size());
        for (JsonNode item : node) {
            found.add(nested(name, item));
        }
        return found;
    }

    Map<String, String> texts(String name) {
        JsonNode node = find(name);
        if (node == null) {
            return Map.of();
        }
        if (!node.isObject()) {
            throw refused(name, node, "an object of texts");
        }
        Map<String, String> found = new TreeMap<>();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            JsonNode value = field.getValue();
            found.put(field.getKey(), value.isTextual() ? value.asText() : asText(name + "." + field.getKey(), value));
        }
        return found;
    }

    /** A Go net.IPNet in a field; absent when its address is. */
    Optional<Cidr> network(String name) {
        JsonNode node = find(name);
        if (node == null) {
            return Optional.empty();
        }
        RecordText network = nested(name, node);
        return network.text("IP").isEmpty() ? Optional.empty() : Optional.of(network.asNetwork());
    }

    /** This object as a Go net.IPNet. */
    Cidr asNetwork() {
        String text = requiredText("IP");
        Ip ip = checked("IP", () -> Ip.parse(text));
        int length = maskLength("Mask", ip.family().bits()).orElse(ip.family().bits());
        return checked("IP", () -> new Cidr(ip, length));
    }

    /** Length of a mask in base64; absent when null. */
    Optional<Integer> maskLength(String name, int bits) {
        return parsed(name, text -> {
            byte[] bytes = base64(text);
            if (bytes.length * 8 != bits) {
                throw new IllegalArgumentException(bytes.length + " bytes (expected: " + bits / 8 + ")");
            }
            int length = 0;
            while (length < bits && (bytes[length / 8] & 0x80 >>> (length % 8)) != 0) {
                length++;
            }
            for (int bit = length; bit < bits; bit++) {
                if ((bytes[bit / 8] & 0x80 >>> (bit % 8)) != 0) {
                    throw new IllegalArgumentException("bits behind the prefix (expected: leading ones only)");
                }
            }
            return length;
        });
    }

    private static byte[] base64(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + " (expected: base64)", e);
        }
    }

    <T> T checked(String name, Supplier<T> parser) {
        try {
            return parser.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    place() + " " + name + ": "
                            + shorten(String.valueOf(field(name).orElse(null))) + ": " + e.getMessage(),
                    e);
        }
    }

    IllegalArgumentException refused(String name, JsonNode value, String expected) {
        return new IllegalArgumentException(
                place() + " " + name + ": " + shorten(value.toString()) + " (expected: " + expected + ")");
    }

    private RecordText nested(String name, JsonNode node) {
        if (!node.isObject()) {
            throw refused(name, node, "an object");
        }
        return new RecordText(place(), name, node);
    }

    private String asText(String name, JsonNode node) {
        if (!node.isTextual()) {
            throw refused(name, node, "a text");
        }
        return node.asText();
    }

    private static String shorten(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
