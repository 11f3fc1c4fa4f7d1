package io.fairlead.identity.labels;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Rules from a file, in place of the defaults, in Cilium's JSON: {@code {"version": 1, "valid-prefixes": [{"prefix": "app",
 * "source": "k8s", "invert": false}]}}. A prefix is what keys start with, letter by letter.
 *
 * @param rules in the order of the file
 */
public record LabelPrefixFile(List<LabelRule> rules) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MAX_BYTES = 1 << 20;

    public LabelPrefixFile {
        rules = List.copyOf(rules);
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException when it cannot be read or is something else
     */
    public static LabelPrefixFile read(String path) {
        try {
            Path file = Path.of(path);
            if (Files.size(file) > MAX_BYTES) {
                throw new IllegalArgumentException(
                        path + ": " + Files.size(file) + " bytes (expected: at most " + MAX_BYTES + ")");
            }
            return parse(Files.readString(file));
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException(
                    "unable to read label prefix file: " + e + " (expected: a file that can be read)", e);
        }
    }

    /**
     * Reads the JSON text.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public static LabelPrefixFile parse(String text) {
        JsonNode file;
        try {
            file = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "invalid label prefix file: " + e.getOriginalMessage() + " (expected: JSON)", e);
        }
        JsonNode version = file.path("version");
        if (!version.isInt() || version.intValue() != 1) {
            throw new IllegalArgumentException("unsupported version " + (version.isMissingNode() ? "none" : version)
                    + " of label prefix file (expected: 1)");
        }
        JsonNode prefixes = file.path("valid-prefixes");
        if (!prefixes.isArray()) {
            throw new IllegalArgumentException("invalid label prefix file: valid-prefixes: "
                    + (prefixes.isMissingNode() ? "none" : prefixes) + " (expected: a list)");
        }
        List<LabelRule> rules = new ArrayList<>();
        prefixes.forEach(item -> rules.add(rule(item)));
        return new LabelPrefixFile(rules);
    }

    /** True when it has the rule that labels such as reserved:host need to be what they are. */
    public boolean includesReserved() {
        return rules.stream().anyMatch(rule -> rule.toString().equals("reserved:.*"));
    }

    private static LabelRule rule(JsonNode item) {
        JsonNode invert = item.path("invert");
        if (!invert.isMissingNode() && !invert.isBoolean()) {
            throw new IllegalArgumentException(
                    "invalid label prefix file: invert: " + invert + " (expected: true or false)");
        }
        return LabelRule.prefix(text(item, "source"), invert.asBoolean(false), text(item, "prefix"));
    }

    private static String text(JsonNode item, String field) {
        JsonNode value = item.path(field);
        if (!value.isTextual() || value.textValue().isEmpty()) {
            throw new IllegalArgumentException("invalid label prefix file: " + field + " was empty in " + item
                    + " (expected: {\"prefix\": …, \"source\": …, \"invert\": …})");
        }
        return value.textValue();
    }
}
