package io.fairlead.soak.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Requests to etcd over its JSON gateway. Blocking; a request is tried at each member until one answers. */
public final class EtcdHttp {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final int TIMEOUT_MS = 3000;

    private final List<String> endpoints;

    /** Talks to these, "host:port" each. */
    public EtcdHttp(List<String> endpoints) {
        this.endpoints = List.copyOf(endpoints);
    }

    public List<String> endpoints() {
        return endpoints;
    }

    /** What the store holds at a revision. */
    public record Content(long revision, Map<String, String> values) {}

    /** Everything under a prefix, or all there is; linearizable. */
    public Content list(String prefix) throws IOException {
        ObjectNode request = JSON.createObjectNode()
                // no key is empty: everything begins behind that
                .put("key", encode(prefix.isEmpty() ? "\u0000" : prefix))
                .put("range_end", end(prefix));
        JsonNode answer = ask("/v3/kv/range", request);
        Map<String, String> values = new TreeMap<>();
        answer.path("kvs")
                .forEach(kv -> values.put(
                        decode(kv.path("key").asText()), decode(kv.path("value").asText())));
        return new Content(answer.path("header").path("revision").asLong(), values);
    }

    /** Writes a key; the revision it has. */
    public long put(String key, String value) throws IOException {
        return revision(ask(
                "/v3/kv/put", JSON.createObjectNode().put("key", encode(key)).put("value", encode(value))));
    }

    /** Removes a prefix; the revision after it. */
    public long deletePrefix(String prefix) throws IOException {
        return revision(ask(
                "/v3/kv/deleterange",
                JSON.createObjectNode().put("key", encode(prefix)).put("range_end", end(prefix))));
    }

    /** Forgets what was before a revision. */
    public void compact(long revision) throws IOException {
        ask(
                "/v3/kv/compaction",
                JSON.createObjectNode().put("revision", revision).put("physical", true));
    }

    /** The alarms that are raised, as "member: alarm" texts. */
    public List<String> alarms() throws IOException {
        List<String> alarms = new ArrayList<>();
        ask("/v3/maintenance/alarm", JSON.createObjectNode().put("action", "GET"))
                .path("alarms")
                .forEach(alarm -> alarms.add(alarm.path("memberID").asText() + ": "
                        + alarm.path("alarm").asText()));
        return alarms;
    }

    /** Takes back the alarm that space has run out. */
    public void disarm() throws IOException {
        JsonNode raised = ask("/v3/maintenance/alarm", JSON.createObjectNode().put("action", "GET"));
        for (JsonNode alarm : raised.path("alarms")) {
            ObjectNode request = JSON.createObjectNode().put("action", "DEACTIVATE");
            request.set("memberID", alarm.path("memberID"));
            request.set("alarm", alarm.path("alarm"));
            ask("/v3/maintenance/alarm", request);
        }
    }

    /** Gives back the space of one member that is free. */
    public void defragment(String endpoint) throws IOException {
        ask(endpoint, "/v3/maintenance/defragment", JSON.createObjectNode(), 30_000);
    }

    /** Size of one member's data in bytes. */
    public long size(String endpoint) throws IOException {
        return ask(endpoint, "/v3/maintenance/status", JSON.createObjectNode(), TIMEOUT_MS)
                .path("dbSize")
                .asLong();
    }

    /** True when this member leads. */
    public boolean leads(String endpoint) throws IOException {
        JsonNode status = ask(endpoint, "/v3/maintenance/status", JSON.createObjectNode(), TIMEOUT_MS);
        return status.path("leader")
                .asText()
                .equals(status.path("header").path("member_id").asText());
    }

    private JsonNode ask(String path, ObjectNode request) throws IOException {
        IOException last = new IOException("etcd: no endpoint");
        for (String endpoint : endpoints) {
            try {
                return ask(endpoint, path, request, TIMEOUT_MS);
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private static JsonNode ask(String endpoint, String path, ObjectNode request, int timeoutMs) throws IOException {
        HttpURLConnection connection = open(endpoint, path, request, timeoutMs);
        try (InputStream body = connection.getInputStream()) {
            return JSON.readTree(body);
        } catch (IOException e) {
            try (InputStream error = connection.getErrorStream()) {
                String said = error == null ? "" : new String(error.readAllBytes(), StandardCharsets.UTF_8);
                throw new IOException(endpoint + path + ": " + e.getMessage() + " " + said.strip(), e);
            }
        } finally {
            connection.disconnect();
        }
    }

    static HttpURLConnection open(String endpoint, String path, ObjectNode request, int timeoutMs) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://" + endpoint + path).toURL().openConnection();
        connection.setConnectTimeout(700);
        connection.setReadTimeout(timeoutMs);
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        try (OutputStream body = connection.getOutputStream()) {
            body.write(JSON.writeValueAsBytes(request));
        }
        return connection;
    }

    private static long revision(JsonNode answer) {
        return answer.path("header").path("revision").asLong();
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static String decode(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    /** Behind the last key with a prefix. */
    private static String end(String prefix) {
        byte[] bytes = prefix.isEmpty() ? new byte[1] : prefix.getBytes(StandardCharsets.UTF_8);
        if (!prefix.isEmpty()) {
            bytes[bytes.length - 1]++;
        }
        return Base64.getEncoder().encodeToString(bytes);
    }
}
