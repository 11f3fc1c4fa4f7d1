package io.fairlead.node.kernel.bpf;

import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.Explained.Identities;
import io.fairlead.node.kernel.bpf.Explained.Judgement;
import io.fairlead.node.kernel.bpf.Explained.Looked;
import io.fairlead.node.kernel.bpf.Explained.Onward;
import io.fairlead.node.kernel.bpf.Explained.Translated;
import io.fairlead.node.kernel.ffi.Bpf;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The map "explained": the one place where programs write what a packet met. One thread at a time. */
final class ExplainedMap {
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final Map<String, String> MATCHES = Map.of(
            "MATCH_NONE", "none",
            "MATCH_L3_ONLY", "L3-Only",
            "MATCH_L3_L4", "L3-L4",
            "MATCH_L4_ONLY", "L4-Only",
            "MATCH_ALL", "all",
            "MATCH_L3_PROTO", "L3-Proto",
            "MATCH_PROTO_ONLY", "Proto-Only");

    private final BpfMap map;
    private final StructCodec value;
    private final Map<String, Integer> parts;
    private final Map<Integer, String> states;
    private final Map<Integer, String> points;
    private final Map<Integer, String> matches;

    ExplainedMap(BpfSpec spec, BpfMap map) {
        this.map = map;
        value = spec.struct(map.spec().valueType());
        parts = spec.enumeration("explain_parts");
        states = names(spec, "ct_state");
        points = names(spec, "trace_point");
        matches = names(spec, "policy_match");
    }

    private static Map<Integer, String> names(BpfSpec spec, String enumeration) {
        return spec.enumeration(enumeration).entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));
    }

    /** Forgets what the last packet met. */
    void clear() {
        map.updateOne(Bpf.integer(0), value.allocate().buffer());
    }

    /**
     * What the last packet met.
     *
     * @param ipv4 whether it was one
     */
    Explained read(boolean ipv4) {
        StructCodec.Value[] found = new StructCodec.Value[1];
        map.read(value.size(), 1, (keys, values, count) -> {
            if (count > 0) {
                found[0] = value.at(values, 0);
            }
        });
        return found[0] == null ? Explained.NOTHING : decode(found[0], ipv4);
    }

    private Explained decode(StructCodec.Value record, boolean ipv4) {
        return new Explained(
                part(
                        record,
                        "EXPLAIN_IDENTITIES",
                        () -> new Identities(
                                record.getInt("src_identity"),
                                record.getInt("dst_identity"),
                                record.getInt("src_endpoint"),
                                record.getInt("dst_endpoint"))),
                part(record, "EXPLAIN_CT", () -> text(states, record.getInt("ct_state"), "CT_")),
                part(record, "EXPLAIN_EGRESS", () -> judgement(record, "egress")),
                part(record, "EXPLAIN_INGRESS", () -> judgement(record, "ingress")),
                part(record, "EXPLAIN_SNAT", () -> translated(record, ipv4)),
                part(record, "EXPLAIN_REVERSE_NAT", () -> translated(record, ipv4)),
                part(
                        record,
                        "EXPLAIN_ROUTE",
                        () -> new Looked(
                                record.getInt("fib_result"),
                                record.getInt("ifindex"),
                                record.getInt("fib_result") == 0 ? nextHop(record) : Optional.empty())),
                part(record, "EXPLAIN_FORWARDED", () -> onward(record.getInt("trace_point"))),
                part(record, "EXPLAIN_DROPPED", () -> record.getInt("drop_reason")));
    }

    private <T> Optional<T> part(StructCodec.Value record, String name, Supplier<T> content) {
        Integer bit = parts.get(name);
        if (bit == null) {
            throw new IllegalArgumentException("enum explain_parts: no " + name + " (expected: as in lib/abi.h)");
        }
        return (record.getInt("parts") & bit) == 0 ? Optional.empty() : Optional.of(content.get());
    }

    private Judgement judgement(StructCodec.Value record, String side) {
        int match = record.getInt(side + "_match");
        String name = matches.getOrDefault(match, "");
        return new Judgement(
                -record.getInt(side + "_verdict"),
                record.getInt(side + "_rule"),
                MATCHES.getOrDefault(name, "match " + match));
    }

    private static Translated translated(StructCodec.Value record, boolean ipv4) {
        return new Translated(address(record.getBytes("nat_addr"), ipv4), record.getInt("nat_port"));
    }

    /** An IPv4 route may have an IPv6 gateway: the family is the next hop's own. */
    private static Optional<Ip> nextHop(StructCodec.Value record) {
        return switch (record.getInt("next_hop_family")) {
            case AF_INET -> Optional.of(address(record.getBytes("next_hop"), true));
            case AF_INET6 -> Optional.of(address(record.getBytes("next_hop"), false));
            default -> Optional.empty();
        };
    }

    private static Ip address(byte[] bytes, boolean ipv4) {
        return Ip.of(ipv4 ? Arrays.copyOf(bytes, 4) : bytes);
    }

    private Onward onward(int point) {
        return switch (points.getOrDefault(point, "")) {
            case "TRACE_TO_ENDPOINT" -> Onward.TO_ENDPOINT;
            case "TRACE_TO_HOST" -> Onward.TO_HOST;
            case "TRACE_TO_STACK" -> Onward.TO_STACK;
            case "TRACE_TO_NETWORK" -> Onward.TO_NETWORK;
            default ->
                throw new IllegalArgumentException(
                        "explanation: trace point " + point + " (expected: one that a packet goes on from)");
        };
    }

    private static String text(Map<Integer, String> names, int number, String prefix) {
        String name = names.get(number);
        return name == null
                ? "state " + number
                : name.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
