package io.fairlead.soak.history;

/** What an operation is about, as text; the checker makes the same texts of the store's keys. */
public final class Subject {
    private Subject() {}

    /** A node and its CIDRs. */
    public static String node(String name) {
        return "node/" + name;
    }

    /** A node's reference to a label set's number; {@code labels} in the store's encoding. */
    public static String use(String labels, String node) {
        return "use/" + labels + "/" + node;
    }

    /** An endpoint's address. */
    public static String ip(String ip) {
        return "ip/" + ip;
    }

    /** A policy. */
    public static String policy(String kind, String namespace, String name) {
        return "policy/" + kind + "/" + namespace + "/" + name;
    }
}
