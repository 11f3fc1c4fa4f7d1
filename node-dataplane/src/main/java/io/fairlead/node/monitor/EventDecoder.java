package io.fairlead.node.monitor;

import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.StructCodec;
import io.fairlead.node.kernel.bpf.StructCodec.Field;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongUnaryOperator;

/** Reads struct debug_event and packet_event: places and numbers by their names in the object's type information. */
final class EventDecoder {
    private final Map<Integer, EventType> types = new HashMap<>();
    private final Places debug;
    private final Places packet;
    private final IntFunction<String> interfaces;
    private final IntFunction<String> rules;
    private final LongUnaryOperator unixTime;

    /** Places of a struct's fields, looked up once: every event asks for twenty. */
    private static final class Places {
        private final StructCodec struct;
        private final int size;
        private final int time;
        private final int cpu;
        private final int mark;
        private final int source;
        private final int type;
        private final int subtype;

        Places(StructCodec struct) {
            this.struct = struct;
            size = struct.size();
            time = at("header.time", Long.BYTES);
            cpu = at("header.cpu", Integer.BYTES);
            mark = at("header.mark", Integer.BYTES);
            source = at("header.source", Integer.BYTES);
            type = at("header.type", 1);
            subtype = at("header.subtype", 1);
        }

        int at(String name, int size) {
            Field field = struct.fields().get(name);
            if (field == null || field.size() != size) {
                throw new IllegalArgumentException(
                        struct.name() + "." + name + ": " + field + " (expected: " + size + " bytes)");
            }
            return field.offset();
        }
    }

    private final int arguments;
    private final int length;
    private final int captured;
    private final int srcIdentity;
    private final int dstIdentity;
    private final int dstEndpoint;
    private final int ifindex;
    private final int verdict;
    private final int rule;
    private final int dstPort;
    private final int protocol;
    private final int direction;
    private final int match;
    private final int audited;
    private final int state;
    private final int ipv6;
    private final int originalIp;
    private final int payload;
    private final int payloadSize;

    /**
     * @param interfaces name of a device, empty when it is gone
     * @param rules text of a rule's number, empty when it is gone
     * @param unixTime Unix time in ns for a time of CLOCK_MONOTONIC in ns
     */
    EventDecoder(BpfSpec spec, IntFunction<String> interfaces, IntFunction<String> rules, LongUnaryOperator unixTime) {
        this.interfaces = interfaces;
        this.rules = rules;
        this.unixTime = unixTime;
        Map<String, Integer> numbers = spec.enumeration("event_type");
        for (EventType known : EventType.values()) {
            known.datapath().ifPresent(event -> types.put(numbers.get("EVENT_" + event.name()), known));
        }
        debug = new Places(spec.struct("debug_event"));
        packet = new Places(spec.struct("packet_event"));
        arguments = debug.at("arguments", 3 * Integer.BYTES);
        length = packet.at("length", Integer.BYTES);
        captured = packet.at("captured", Integer.BYTES);
        srcIdentity = packet.at("src_identity", Integer.BYTES);
        dstIdentity = packet.at("dst_identity", Integer.BYTES);
        dstEndpoint = packet.at("dst_endpoint", Integer.BYTES);
        ifindex = packet.at("ifindex", Integer.BYTES);
        verdict = packet.at("verdict", Integer.BYTES);
        rule = packet.at("rule", Integer.BYTES);
        dstPort = packet.at("dst_port", Short.BYTES);
        protocol = packet.at("protocol", 1);
        direction = packet.at("direction", 1);
        match = packet.at("match", 1);
        audited = packet.at("audited", 1);
        state = packet.at("state", 1);
        ipv6 = packet.at("ipv6", 1);
        originalIp = packet.at("original_ip", 16);
        payloadSize = packet.struct.fields().get("payload").size();
        payload = packet.at("payload", payloadSize);
    }

    /**
     * The events of one record: any number of debug messages, or one packet.
     *
     * @param bytes in native byte order, from 0 on
     * @param size of the record
     */
    void decode(ByteBuffer bytes, int size, Consumer<Event> into) {
        if (size < 2 * debug.size || types.get(Byte.toUnsignedInt(bytes.get(debug.type))) != EventType.DEBUG) {
            decode(bytes, size).ifPresent(into);
            return;
        }
        for (int at = 0; at + debug.size <= size; at += debug.size) {
            decode(bytes.slice(at, debug.size).order(bytes.order()), debug.size).ifPresent(into);
        }
    }

    /**
     * A record of one event; empty when it is of a type or length that is not known.
     *
     * @param bytes in native byte order, from 0 on
     * @param size of the record
     */
    Optional<Event> decode(ByteBuffer bytes, int size) {
        if (size < debug.size) {
            return Optional.empty();
        }
        EventType type = types.get(Byte.toUnsignedInt(bytes.get(debug.type)));
        if (type == EventType.DEBUG) {
            int[] values = new int[3];
            for (int i = 0; i < values.length; i++) {
                values[i] = bytes.getInt(arguments + i * Integer.BYTES);
            }
            return Optional.of(new Event.Debug(header(debug, bytes), values));
        }
        // the last bytes of the payload may be left out when the packet has none
        if (type == null || size < payload) {
            return Optional.empty();
        }
        return Optional.of(packet(type, bytes, size));
    }

    private Event.Header header(Places at, ByteBuffer bytes) {
        return new Event.Header(
                Byte.toUnsignedInt(bytes.get(at.type)),
                Byte.toUnsignedInt(bytes.get(at.subtype)),
                bytes.getInt(at.cpu),
                bytes.getInt(at.mark),
                bytes.getInt(at.source),
                unixTime.applyAsLong(bytes.getLong(at.time)));
    }

    private Event.Packet packet(EventType type, ByteBuffer bytes, int size) {
        int device = bytes.getInt(ifindex);
        boolean six = bytes.get(ipv6) != 0;
        byte[] original = new byte[six ? 16 : 4];
        bytes.get(originalIp, original);
        int room = Math.min(payloadSize, size - payload);
        byte[] data = new byte[(int) Math.min(room, Integer.toUnsignedLong(bytes.getInt(captured)))];
        bytes.get(payload, data);
        return new Event.Packet(
                type,
                header(packet, bytes),
                new Event.Parties(bytes.getInt(srcIdentity), bytes.getInt(dstIdentity), bytes.getInt(dstEndpoint)),
                verdict(type, bytes),
                bytes.getInt(length),
                device,
                device == 0 ? "" : interfaces.apply(device),
                Byte.toUnsignedInt(bytes.get(state)),
                six,
                original,
                data);
    }

    private Event.Verdict verdict(EventType type, ByteBuffer bytes) {
        int number = bytes.getInt(rule);
        // ports are in network byte order
        int port = Byte.toUnsignedInt(bytes.get(dstPort)) << 8 | Byte.toUnsignedInt(bytes.get(dstPort + 1));
        return new Event.Verdict(
                bytes.getInt(verdict),
                port,
                Byte.toUnsignedInt(bytes.get(protocol)),
                Byte.toUnsignedInt(bytes.get(direction)),
                Byte.toUnsignedInt(bytes.get(match)),
                bytes.get(audited) != 0,
                type == EventType.POLICY_VERDICT && number != 0 ? rules.apply(number) : "");
    }
}
