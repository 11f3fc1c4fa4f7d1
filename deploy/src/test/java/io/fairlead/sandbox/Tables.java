package io.fairlead.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the store says and what the kernel of a node holds, to be compared. */
final class Tables {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Pattern ROUTE = Pattern.compile("^(\\S+) .*\\bvia (\\S+)");

    private final Sandbox sandbox;

    Tables(Sandbox sandbox) {
        this.sandbox = sandbox;
    }

    /** Where a node differs from the store; empty when it has everything there is, and nothing else. */
    List<String> differences(List<String> nodes) {
        Map<String, JsonNode> records = values("cilium/state/nodes/v1/default/");
        Map<String, String> identities = new TreeMap<>();
        values("cilium/state/ip/v1/default/")
                .forEach((ip, value) -> identities.put(ip, value.path("ID").asText()));
        List<String> differences = new ArrayList<>();
        if (!List.copyOf(records.keySet()).equals(nodes)) {
            differences.add("the store has nodes " + records.keySet() + " (expected: " + nodes + ")");
        }
        for (String node : nodes) {
            compare(node + ": routes", wanted(node, records), routes(node), differences);
            compare(node + ": ipcache", identities, ipcache(node, identities), differences);
        }
        return differences;
    }

    private static void compare(
            String what, Map<String, String> expected, Map<String, String> actual, List<String> into) {
        if (!expected.equals(actual)) {
            into.add(what + " " + actual + " (expected: " + expected + ")");
        }
    }

    /** Routes a node is to have: another node's pod CIDR by that node's address. */
    private static Map<String, String> wanted(String node, Map<String, JsonNode> records) {
        Map<String, String> wanted = new TreeMap<>();
        records.forEach((name, record) -> {
            if (!name.equals(node)) {
                wanted.put(
                        record.path("IPv4AllocCIDR").path("IP").asText() + "/24",
                        record.path("IPAddresses").path(0).path("IP").asText());
            }
        });
        return wanted;
    }

    private Map<String, String> routes(String node) {
        Map<String, String> routes = new TreeMap<>();
        sandbox.ok("node", "exec", node, "--", "ip", "-4", "route", "show", "proto", "70")
                .lines()
                .map(ROUTE::matcher)
                .filter(Matcher::find)
                .forEach(route -> routes.put(route.group(1), route.group(2)));
        return routes;
    }

    /** Entries for pods' addresses; those the agent adds by itself, routers and hosts, are left out. */
    private Map<String, String> ipcache(String node, Map<String, String> pods) {
        Map<String, String> entries = new TreeMap<>();
        for (JsonNode entry : json(sandbox.ok("fairlead", node, "--", "bpf", "ipcache", "list", "-o", "json"))) {
            String prefix = entry.path("prefix").asText();
            String ip = prefix.replaceAll("/32$", "");
            boolean own = ip.contains("/")
                    || entry.path("identity").asInt() == 1
                    || entry.path("identity").asInt() == 6;
            if (pods.containsKey(ip) || !own) {
                entries.put(ip, entry.path("identity").asText());
            }
        }
        return entries;
    }

    private Map<String, JsonNode> values(String prefix) {
        Map<String, JsonNode> values = new TreeMap<>();
        List<String> lines =
                sandbox.ok("etcdctl", "get", "--prefix", prefix).lines().toList();
        for (int line = 0; line + 1 < lines.size(); line++) {
            // etcdctl may say in between that a member was away
            if (lines.get(line).startsWith(prefix)) {
                values.put(lines.get(line).substring(prefix.length()), json(lines.get(line + 1)));
            }
        }
        return values;
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
