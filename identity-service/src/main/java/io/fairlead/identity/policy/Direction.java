package io.fairlead.identity.policy;

/** Which way, with the names documents have for it. */
enum Direction {
    INGRESS("ingress", "from", "Ingress"),
    EGRESS("egress", "to", "Egress");

    private final String list;
    private final String peers;
    private final String type;

    Direction(String list, String peers, String type) {
        this.list = list;
        this.peers = peers;
        this.type = type;
    }

    /** The list of rules: "ingress". */
    String list() {
        return list;
    }

    /** What fields about peers begin with: "from". */
    String peers() {
        return peers;
    }

    /** In policyTypes: "Ingress". */
    String type() {
        return type;
    }
}
