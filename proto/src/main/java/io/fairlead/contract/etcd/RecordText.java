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
    private final JsonNode object;

    RecordText(String kind, JsonNode object) {
        this.kind = kind;
        this.object = object;
    }

    static RecordText parse(String kind, String text) {
        try {
            JsonNode tree = JSON.readTree(text);
            if (tree != null && tree.isObject()) {
                return new RecordText(kind, tree);
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    kind + ": \"" + shorten(text) + "\" (expected: a JSON object): " + reason(e), e);
        }
        throw new IllegalArgumentException(kind + ": \"" + shorten(text) + "\" (expected: a JSON object)");
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
        JsonNode exact = object.get(name);
        if (exact == null) {
            Iterator<Map.Entry<String, JsonNode>> fields = object.properties().iterator();
            while (exact == null && fields.hasNext()) {
                Map.Entry<String, JsonNode> field = fields.next();
                exact = field.getKey().equalsIgnoreCase(name) ? field.getValue() : null;
            }
        }
        return Optional.ofNullable(exact).filter(node -> !node.isNull());
    }

    String text(String name) {
        return field(name).map(node -> asText(name, node)).orElse("");
    }

    String requiredText(String name) {
        String text = text(name);
        if (text.isEmpty()) {
            throw new IllegalArgumentException(kind + " " + name + ": none (expected: a text)");
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
        Optional<JsonNode> node = field(name);
        if (node.isEmpty()) {
            return 0;
        }
        boolean whole = node.get().isIntegralNumber() && node.get().canConvertToLong();
        if (!whole || node.get().asLong() < least || node.get().asLong() > most) {
            throw refused(name, node.get(), least + " to " + most);
        }
        return node.get().asLong();
    }

    List<RecordText> objects(String name) {
        List<RecordText> found = new ArrayList<>();
        field(name).ifPresent(node -> {
            if (!node.isArray()) {
                throw refused(name, node, "a list");
            }
            for (JsonNode item : node) {
                found.add(nested(name, item));
            }
        });
        return found;
    }

    Optional<RecordText> nested(String name) {
        return field(name).map(node -> nested(name, node));
    }

    Map<String, String> texts(String name) {
        Map<String, String> found = new TreeMap<>();
        field(name).ifPresent(node -> {
            if (!node.isObject()) {
                throw refused(name, node, "an object of texts");
            }
            node.properties().forEach(e -> found.put(e.getKey(), asText(name + "." + e.getKey(), e.getValue())));
        });
        return found;
    }

    /** A Go net.IPNet in a field; absent when its address is. */
    Optional<Cidr> network(String name) {
        return nested(name).filter(net -> !net.text("IP").isEmpty()).map(RecordText::asNetwork);
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
                    kind + " " + name + ": "
                            + shorten(String.valueOf(field(name).orElse(null))) + ": " + e.getMessage(),
                    e);
        }
    }

    IllegalArgumentException refused(String name, JsonNode value, String expected) {
        return new IllegalArgumentException(
                kind + " " + name + ": " + shorten(value.toString()) + " (expected: " + expected + ")");
    }

    private RecordText nested(String name, JsonNode node) {
        if (!node.isObject()) {
            throw refused(name, node, "an object");
        }
        return new RecordText(kind + " " + name, node);
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
