package io.fairlead.runtime.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads kvstore-opt: etcd's addresses, or the file Cilium calls etcd.config, and who the process is for etcd.
 */
final class StoreOptions implements ValueParser<StoreKeys.Access> {
    static final String ADDRESS = "etcd.address";
    private static final String CONFIG = "etcd.config";
    private static final String USERNAME = "etcd.username";
    private static final String PASSWORD_FILE = "etcd.password-file";
    private static final String URL = "https?://[^/\\s,]+:[0-9]{1,5}";

    private final ValueParser<Map<String, String>> options = Values.options(ADDRESS, CONFIG, USERNAME, PASSWORD_FILE);

    @Override
    public boolean joins() {
        return options.joins();
    }

    @Override
    public StoreKeys.Access parse(String text) {
        Map<String, String> given = options.parse(text);
        Optional<JsonNode> file = Optional.ofNullable(given.get(CONFIG)).map(StoreOptions::read);
        List<String> endpoints = file.map(StoreOptions::endpoints).orElse(List.of());
        if (given.containsKey(ADDRESS)) {
            endpoints = List.of(given.get(ADDRESS).split(",", -1));
        }
        check(endpoints, given.containsKey(ADDRESS) ? ADDRESS : CONFIG);
        Optional<StoreKeys.Files> files = file.flatMap(StoreOptions::files);
        boolean secure = endpoints.get(0).startsWith("https:");
        if (secure && files.isEmpty()) {
            throw new IllegalArgumentException(endpoints.get(0) + " (expected: with https, " + CONFIG
                    + "=FILE that names trusted-ca-file, cert-file and key-file)");
        }
        if (given.containsKey(USERNAME) != given.containsKey(PASSWORD_FILE)) {
            throw new IllegalArgumentException(
                    "(expected: both of " + USERNAME + " and " + PASSWORD_FILE + ", or none)");
        }
        Optional<StoreKeys.Login> login = Optional.ofNullable(given.get(USERNAME))
                .map(user -> new StoreKeys.Login(user, path(given.getOrDefault(PASSWORD_FILE, ""))));
        return new StoreKeys.Access(endpoints, secure ? files : Optional.empty(), login);
    }

    private static void check(List<String> endpoints, String from) {
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException(from + ": no endpoints (expected: at least one http[s]://host:port)");
        }
        for (String url : endpoints) {
            if (!url.matches(URL)) {
                throw new IllegalArgumentException(
                        from + ": " + url + " (expected: http[s]://host:port[,http[s]://host:port…])");
            }
            if (url.startsWith("https:") != endpoints.get(0).startsWith("https:")) {
                throw new IllegalArgumentException(
                        from + ": " + url + " (expected: all endpoints with https, or all with http)");
            }
        }
    }

    private static JsonNode read(String file) {
        try {
            JsonNode root = new YAMLMapper().readTree(Files.readString(path(file)));
            if (!root.isObject()) {
                throw new IllegalArgumentException(CONFIG + ": " + file + " (expected: a YAML map with endpoints)");
            }
            if (root.path("insecure-skip-tls-verify").asBoolean()
                    || root.path("insecure-transport").asBoolean()) {
                throw new IllegalArgumentException(
                        CONFIG + ": " + file + ": insecure-… is true (expected: false; http endpoints are plain)");
            }
            return root;
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    CONFIG + ": " + file + " (expected: YAML: "
                            + e.getOriginalMessage().replace('\n', ' ') + ")",
                    e);
        } catch (IOException e) {
            throw new IllegalArgumentException(CONFIG + ": " + file + " (expected: a readable file: " + e + ")", e);
        }
    }

    private static List<String> endpoints(JsonNode file) {
        List<String> found = new ArrayList<>();
        file.path("endpoints").forEach(endpoint -> found.add(endpoint.asText()));
        return found;
    }

    private static Optional<StoreKeys.Files> files(JsonNode file) {
        String ca = file.path("trusted-ca-file").asText(file.path("ca-file").asText(""));
        String cert = file.path("cert-file").asText("");
        String key = file.path("key-file").asText("");
        if (ca.isEmpty() && cert.isEmpty() && key.isEmpty()) {
            return Optional.empty();
        }
        if (ca.isEmpty() || cert.isEmpty() || key.isEmpty()) {
            throw new IllegalArgumentException(
                    CONFIG + ": (expected: all of trusted-ca-file, cert-file and key-file, or none)");
        }
        return Optional.of(new StoreKeys.Files(path(cert), path(key), path(ca)));
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(text + " (expected: a path)", e);
        }
    }
}
