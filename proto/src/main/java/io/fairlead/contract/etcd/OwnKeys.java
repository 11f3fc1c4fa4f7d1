package io.fairlead.contract.etcd;

import java.util.Optional;

/**
 * Keys that only Fairlead's services know and that more than one of them reads; what one service alone reads is its own.
 *
 * <p>They do not lie under the configurable prefix, which is what Cilium reads.
 */
public final class OwnKeys {
    private static final String PROGRESS = "fairlead/progress/v1/";

    /** What a stream tells nodes. */
    public enum Table {
        /** Routes, from the route-distributor. */
        ROUTES("routes"),
        /** Identities, addresses and policies, from the identity-service. */
        IDENTITIES("identities");

        private final String text;

        Table(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private OwnKeys() {}

    /** What replicas say of their nodes' progress with a table. */
    public static String progress(Table table) {
        return PROGRESS + table + "/";
    }

    /** Which nodes a replica serves. */
    public static String members(Table table, String replica) {
        return progress(table) + replica + "/nodes";
    }

    /** How far a replica's nodes are. */
    public static String reached(Table table, String replica) {
        return progress(table) + replica + "/reached";
    }

    /** The replica in a key made by {@link #members} or {@link #reached}; empty for any other key. */
    public static Optional<String> replica(Table table, String key) {
        String under = progress(table);
        int end = key.lastIndexOf('/');
        String last = key.substring(end + 1);
        boolean known = key.startsWith(under) && (last.equals("nodes") || last.equals("reached"));
        return known && end > under.length() ? Optional.of(key.substring(under.length(), end)) : Optional.empty();
    }
}
