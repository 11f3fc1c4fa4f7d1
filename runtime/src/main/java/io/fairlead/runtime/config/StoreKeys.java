package io.fairlead.runtime.config;

import io.fairlead.contract.ClusterName;
import java.util.List;
import java.util.Map;

/** The keys every service over etcd has: which store, and as which cluster. */
public final class StoreKeys {
    private static final String ADDRESS = "etcd.address";

    private final ConfigKey<Map<String, String>> options;
    private final ConfigKey<String> prefix;
    private final ConfigKey<ClusterName> clusterName;
    private final ConfigKey<Integer> clusterId;

    /** Declares the keys. */
    public StoreKeys(ConfigKeys keys) {
        keys.add("kvstore", Values.oneOf("etcd"), "etcd", "kind of store: etcd is the only one");
        options = keys.add(
                "kvstore-opt",
                StoreKeys::options,
                ADDRESS + "=http://127.0.0.1:2379",
                "options of the store: etcd.address=http://host:port[,http://host:port…]");
        prefix = keys.add("kvstore-prefix", StoreKeys::prefix, "cilium/", "what all keys in the store start with");
        clusterName = keys.add("cluster-name", ClusterName::new, "default", "name of this cluster in a mesh");
        clusterId = keys.add("cluster-id", Values.integer(0, 255), "0", "number of this cluster in a mesh, 0 to 255");
    }

    /**
     * Which store, and as which cluster.
     *
     * @param endpoints URLs of the servers, at least one
     * @param prefix ends in '/'
     * @param clusterName of this cluster
     * @param clusterId 0 to 255
     */
    public record Store(List<String> endpoints, String prefix, ClusterName clusterName, int clusterId) {
        public Store {
            endpoints = List.copyOf(endpoints);
        }
    }

    /** What the configuration says. */
    public Store from(Config config) {
        List<String> endpoints =
                List.of(config.get(options).getOrDefault(ADDRESS, "").split(","));
        return new Store(endpoints, config.get(prefix), config.get(clusterName), config.get(clusterId));
    }

    private static Map<String, String> options(String text) {
        Map<String, String> found = Values.options(ADDRESS).parse(text);
        for (String url : found.getOrDefault(ADDRESS, "").split(",", -1)) {
            if (!url.matches("http://[^/\\s,]+:[0-9]{1,5}")) {
                throw new IllegalArgumentException(
                        ADDRESS + ": " + url + " (expected: http://host:port[,http://host:port…])");
            }
        }
        return found;
    }

    private static String prefix(String text) {
        if (!text.matches("([A-Za-z0-9._-]+/)+")) {
            throw new IllegalArgumentException(
                    "(expected: letters, digits, '.', '_' and '-' between slashes, such as cilium/)");
        }
        return text;
    }
}
