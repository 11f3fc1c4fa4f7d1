package io.fairlead.cli.client;

/** Something the agent tells while it is listened to. Times are Unix time in ns. */
public sealed interface MonitorMessage {
    /**
     * The first: from now on everything is told.
     *
     * @param cpus processors there may be
     * @param pages of shared memory
     * @param pageSize bytes of one
     */
    record Start(int cpus, int pages, int pageSize) implements MonitorMessage {}

    /**
     * Where and when the datapath told it. Numbers are Cilium's, unsigned.
     *
     * @param type of the event
     * @param subtype drop reason, debug message, capture or trace point
     * @param source endpoint whose program tells it
     */
    record Header(int type, int subtype, int cpu, int mark, int source, long time) {}

    /**
     * A debug message.
     *
     * @param arguments three
     */
    @SuppressWarnings("ArrayRecordComponent") // printed, never compared
    record Debug(Header header, int[] arguments) implements MonitorMessage {}

    /**
     * A packet.
     *
     * @param length of the whole packet
     * @param sourceIdentity of the sender
     * @param destinationIdentity of the receiver
     * @param endpoint the receiver, 0 when it is not on the node
     * @param device name, or number when it is gone; empty for none
     * @param state number of the connection's state
     * @param originalIp source before translation
     * @param payload its first bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // printed, never compared
    record Packet(
            Header header,
            Verdict verdict,
            int length,
            int sourceIdentity,
            int destinationIdentity,
            int endpoint,
            String device,
            int state,
            String originalIp,
            byte[] payload)
            implements MonitorMessage {}

    /**
     * What a policy said.
     *
     * @param verdict 0 allows, negative is the reason, positive a proxy's port
     * @param ingress whether the local endpoint receives
     * @param match number of how an entry matched
     * @param audited forbidden, and yet let pass
     * @param rule "Kind namespace/name"; empty for none
     */
    record Verdict(int verdict, int port, int protocol, boolean ingress, int match, boolean audited, String rule) {}

    /**
     * The agent's own.
     *
     * @param kind "Endpoint created"
     * @param json what happened
     */
    record Agent(String kind, String json, long time) implements MonitorMessage {}

    /** Events that were not told because there was no room. */
    record Lost(int cpu, long count) implements MonitorMessage {}
}
