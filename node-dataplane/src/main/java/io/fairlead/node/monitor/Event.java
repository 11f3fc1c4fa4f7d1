package io.fairlead.node.monitor;

/** Something a listener is told. Times are Unix time in ns; numbers are the datapath's (bpf/lib/abi.h). */
public sealed interface Event {
    /** What it is; for what was lost, DROP. */
    EventType type();

    /** Endpoint that tells it, 0 for none. */
    default int source() {
        return 0;
    }

    /** Endpoint it is about, 0 for none. */
    default int destination() {
        return 0;
    }

    /**
     * Where and when the datapath told it.
     *
     * @param type number of its type
     * @param subtype drop reason, debug message, capture or trace point
     * @param cpu processor
     * @param mark of the packet
     * @param source endpoint whose program tells it
     * @param time Unix time in ns
     */
    record Header(int type, int subtype, int cpu, int mark, int source, long time) {}

    /**
     * A debug message.
     *
     * @param arguments three, as the program wrote them
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Debug(Header header, int[] arguments) implements Event {
        @Override
        public EventType type() {
            return EventType.DEBUG;
        }

        @Override
        public int source() {
            return header.source;
        }
    }

    /**
     * A packet.
     *
     * @param type drop, capture, trace or policy verdict
     * @param parties who sends and who receives it
     * @param verdict of a policy verdict
     * @param length of the whole packet, in bytes
     * @param ifindex device, 0 for none
     * @param interfaceName its name; empty when it is gone
     * @param state number of the connection's state
     * @param ipv6 whether originalIp is IPv6
     * @param originalIp source before translation, 4 or 16 bytes
     * @param payload its first bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Packet(
            EventType type,
            Header header,
            Parties parties,
            Verdict verdict,
            int length,
            int ifindex,
            String interfaceName,
            int state,
            boolean ipv6,
            byte[] originalIp,
            byte[] payload)
            implements Event {
        @Override
        public int source() {
            return header.source;
        }

        @Override
        public int destination() {
            return parties.endpoint;
        }
    }

    /**
     * Who sends and who receives a packet.
     *
     * @param source identity of the sender
     * @param destination identity of the receiver
     * @param endpoint the receiver, 0 when it is not on this node
     */
    record Parties(int source, int destination, int endpoint) {}

    /**
     * What a policy said.
     *
     * @param verdict 0 allows, negative is the reason
     * @param port destination port
     * @param protocol number of the IP protocol
     * @param direction number of the direction
     * @param match how the entry matched
     * @param audited forbidden, and yet let pass
     * @param rule "Kind namespace/name"; empty for none
     */
    record Verdict(int verdict, int port, int protocol, int direction, int match, boolean audited, String rule) {}

    /**
     * The agent's own.
     *
     * @param kind "Endpoint created"
     * @param json what happened
     */
    record Agent(String kind, String json, long time) implements Event {
        @Override
        public EventType type() {
            return EventType.AGENT;
        }
    }

    /**
     * Events that were not told because there was no room.
     *
     * @param cpu processor they were of; the agent's own count as processor 0's
     */
    record Lost(int cpu, long count) implements Event {
        @Override
        public EventType type() {
            return EventType.DROP;
        }
    }
}
