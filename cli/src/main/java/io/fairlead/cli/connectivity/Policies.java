package io.fairlead.cli.connectivity;

/** Where policies are put into force. Calls block until every node has them. */
interface Policies extends AutoCloseable {
    /**
     * Puts policies into force on every node.
     *
     * @param documents YAML
     * @throws io.fairlead.cli.client.AgentException when they are refused or a node is late
     */
    void apply(String documents);

    /** Takes every policy of a namespace out of force on every node. */
    void deleteAll(String namespace);

    @Override
    void close();
}
