package io.fairlead.identity.policy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * YAML 1.1 or JSON as trees, one for each document that is not empty. Aliases are replaced by what they stand for;
 * documents that grow too large by it, and names given twice, are refused.
 */
final class DocumentText {
    /** Bytes of UTF-8 an apply may have: the store takes requests of 1.5 MiB. */
    static final int MAX_BYTES = 1 << 20;

    private static final int MAX_VALUES = 200_000;
    private static final int MAX_DEPTH = 64;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    // owned by: the thread that reads
    private int values;
    // owned by: as above
    private long characters;

    private DocumentText() {}

    /**
     * The documents of a text.
     *
     * @throws IllegalArgumentException saying where it is not YAML or JSON
     */
    static List<JsonNode> read(String text) {
        String start = text.stripLeading();
        return start.startsWith("{") || start.startsWith("[") ? json(text) : yaml(text);
    }

    private static List<JsonNode> json(String text) {
        List<JsonNode> all = new ArrayList<>();
        try (MappingIterator<JsonNode> documents =
                JSON.readerFor(JsonNode.class).readValues(text)) {
            while (documents.hasNextValue()) {
                all.add(documents.nextValue());
            }
            return all;
        } catch (JsonProcessingException e) {
            // flow style: YAML that looks like JSON and is not quite
            try {
                return yaml(text);
            } catch (IllegalArgumentException notYaml) {
                String where =
                        e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
                throw new IllegalArgumentException(
                        "documents: " + where + firstLine(e.getOriginalMessage()) + " (expected: JSON or YAML)", e);
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("documents: " + e.getMessage() + " (expected: JSON)", e);
        }
    }

    private static List<JsonNode> yaml(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setAllowRecursiveKeys(false);
        options.setCodePointLimit(MAX_BYTES);
        options.setNestingDepthLimit(MAX_DEPTH);
        DumperOptions unused = new DumperOptions();
        Yaml yaml = new Yaml(new SafeConstructor(options), new Representer(unused), unused, options, new Scalars());
        List<JsonNode> all = new ArrayList<>();
        DocumentText reader = new DocumentText();
        try {
            for (Object document : yaml.loadAll(text)) {
                if (document != null) {
                    all.add(reader.tree(document, 0));
                }
            }
            return all;
        } catch (YAMLException e) {
            String where =
                    e instanceof org.yaml.snakeyaml.error.MarkedYAMLException marked && marked.getProblemMark() != null
                            ? "line " + (marked.getProblemMark().getLine() + 1) + ": " + marked.getProblem()
                            : firstLine(String.valueOf(e.getMessage()));
            throw new IllegalArgumentException("documents: " + where + " (expected: YAML)", e);
        }
    }

    private JsonNode tree(Object value, int depth) {
        if (++values > MAX_VALUES || depth > MAX_DEPTH) {
            throw new IllegalArgumentException("documents: too large or too deep (expected: at most " + MAX_VALUES
                    + " values, aliases replaced, " + MAX_DEPTH + " levels deep)");
        }
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (value instanceof Map<?, ?> map) {
            ObjectNode object = nodes.objectNode();
            map.forEach((key, below) -> object.set(counted(name(key)), child(below, depth)));
            return object;
        }
        if (value instanceof List<?> list) {
            ArrayNode array = nodes.arrayNode();
            list.forEach(below -> array.add(child(below, depth)));
            return array;
        }
        if (value instanceof Boolean flag) {
            return nodes.booleanNode(flag);
        }
        if (value instanceof Integer number) {
            return nodes.numberNode(number);
        }
        if (value instanceof Long number) {
            return nodes.numberNode(number);
        }
        if (value instanceof BigInteger number) {
            return nodes.numberNode(number);
        }
        if (value instanceof Double number) {
            return nodes.numberNode(number);
        }
        return nodes.textNode(counted(String.valueOf(value)));
    }

    /** A text that many aliases stand for is in the store as often. */
    private String counted(String text) {
        characters += text.length();
        if (characters > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "documents: too large (expected: at most " + MAX_BYTES + " characters of text, aliases replaced)");
        }
        return text;
    }

    private JsonNode child(@org.jspecify.annotations.Nullable Object value, int depth) {
        return value == null ? JsonNodeFactory.instance.nullNode() : tree(value, depth + 1);
    }

    private static String name(Object key) {
        if (key instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("documents: name " + key + " (expected: a text, in quotes)");
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    /** Dates stay the texts they are written as, as kubectl has it. */
    private static final class Scalars extends Resolver {
        @Override
        public void addImplicitResolver(Tag tag, Pattern regexp, String first, int limit) {
            if (!tag.equals(Tag.TIMESTAMP)) {
                super.addImplicitResolver(tag, regexp, first, limit);
            }
        }
    }
}
