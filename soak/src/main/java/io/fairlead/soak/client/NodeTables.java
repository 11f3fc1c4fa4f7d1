package io.fairlead.soak.client;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a node knows, for comparing.
 *
 * @param routes CIDR to next hop
 * @param ips prefix to identity and host
 * @param identities number to labels, joined by commas
 * @param policies name to the policy as it was sent
 */
public record NodeTables(
        Map<String, String> routes,
        Map<String, Ip> ips,
        Map<Integer, String> identities,
        Map<PolicyKey, Object> policies) {
    /** What is behind an address. */
    public record Ip(long identity, String host) {}

    /** A policy's name. */
    public record PolicyKey(String kind, String namespace, String name) implements Comparable<PolicyKey> {
        @Override
        public int compareTo(PolicyKey other) {
            return toString().compareTo(other.toString());
        }
    }

    static NodeTables of(Map<Object, Object> routes, Map<Object, Object> identities) {
        NodeTables tables = new NodeTables(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        routes.forEach((cidr, hop) -> tables.routes.put((String) cidr, (String) hop));
        identities.forEach((key, value) -> {
            if (key instanceof String prefix) {
                tables.ips.put(prefix, (Ip) value);
            } else if (key instanceof Integer number) {
                tables.identities.put(number, (String) value);
            } else {
                tables.policies.put((PolicyKey) key, value);
            }
        });
        return tables;
    }
}
