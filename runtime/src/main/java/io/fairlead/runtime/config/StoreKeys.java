package io.fairlead.runtime.config;

import io.fairlead.contract.ClusterName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The keys every service over etcd has: which store, and as which cluster. */
public final class StoreKeys {
    private final ConfigKey<Access> options;
    private final ConfigKey<String> prefix;
    private final ConfigKey<ClusterName> clusterName;
    private final ConfigKey<Integer> clusterId;

    /** Declares the keys. */
    public StoreKeys(ConfigKeys keys) {
        keys.add("kvstore", Values.oneOf("etcd"), "etcd", "kind of store: etcd is the only one");
        options = keys.add(
                "kvstore-opt",
                new StoreOptions(),
                StoreOptions.ADDRESS + "=http://127.0.0.1:2379",
                "options of the store: etcd.address=http[s]://host:port[,…], etcd.config=FILE (Cilium's: endpoints,"
                        + " trusted-ca-file, cert-file, key-file), etcd.username=NAME and etcd.password-file=FILE");
        keys.check(List.of(options), config -> access(config).mistakes());
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

    /**
     * How to come to the store.
     *
     * @param endpoints URLs of the servers, at least one, all https or none
     * @param files certificate, key and authorities for https
     * @param login who the process is for the store
     */
    public record Access(List<String> endpoints, Optional<Files> files, Optional<Login> login) {
        public Access {
            endpoints = List.copyOf(endpoints);
        }

        /** The files that cannot be read, one line each. */
        List<String> mistakes() {
            Map<String, Path> named = new TreeMap<>();
            files.ifPresent(pem -> {
                named.put("cert-file", pem.cert());
                named.put("key-file", pem.key());
                named.put("trusted-ca-file", pem.ca());
            });
            login.ifPresent(user -> named.put("etcd.password-file", user.passwordFile()));
            return named.entrySet().stream()
                    .filter(file -> !java.nio.file.Files.isReadable(file.getValue()))
                    .map(file -> "kvstore-opt: " + file.getKey() + " " + file.getValue()
                            + " (expected: a file that can be read)")
                    .toList();
        }
    }

    /** Paths of PEM files. */
    public record Files(Path cert, Path key, Path ca) {}

    /**
     * A user of the store.
     *
     * @param passwordFile holds the password and nothing else but a line's end
     */
    public record Login(String username, Path passwordFile) {
        /**
         * Reads the password, which is to be used and forgotten.
         *
         * @throws IllegalArgumentException naming the file when there is none in it
         */
        public String password() {
            try {
                String password = java.nio.file.Files.readString(passwordFile).strip();
                if (password.isEmpty()) {
                    throw new IllegalArgumentException(
                            "etcd.password-file: " + passwordFile + " is empty (expected: a password)");
                }
                return password;
            } catch (IOException e) {
                throw new IllegalArgumentException(
                        "etcd.password-file: " + passwordFile + " (expected: a readable file: " + e + ")", e);
            }
        }
    }

    /** What the configuration says. */
    public Store from(Config config) {
        return new Store(
                config.get(options).endpoints(), config.get(prefix), config.get(clusterName), config.get(clusterId));
    }

    /** How to come to the store, as the configuration says. */
    public Access access(Config config) {
        return config.get(options);
    }

    private static String prefix(String text) {
        if (!text.matches("([A-Za-z0-9._-]+/)+")) {
            throw new IllegalArgumentException(
                    "(expected: letters, digits, '.', '_' and '-' between slashes, such as cilium/)");
        }
        return text;
    }
}
