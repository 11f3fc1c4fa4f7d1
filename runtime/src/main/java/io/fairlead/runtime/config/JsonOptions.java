package io.fairlead.runtime.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;

/** The JSON way to write options, as ConfigMaps have it: {"etcd.address": "http://10.0.0.1:2379"}. */
final class JsonOptions {
    private JsonOptions() {}

    static String flatten(String json) {
        try {
            JsonNode root = JsonMapper.builder().build().readTree(json);
            List<String> parts = new ArrayList<>();
            root.properties()
                    .forEach(e -> parts.add(e.getKey() + "=" + e.getValue().asText()));
            return String.join(",", parts);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("(expected: name=value,… or a JSON object of texts)", e);
        }
    }
}
