package io.fairlead.identity.policy;

import io.fairlead.contract.policy.Ports;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** Reads ports, protocols and ICMP types. */
final class PortFields {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;
    private static final int ANY = 0;

    private static final Set<String> PORT = Set.of("port", "endPort", "protocol");
    private static final String NO_NAMES = "a port number; names of ports are not supported";

    private PortFields() {}

    /** An element of a NetworkPolicy's "ports". */
    static List<Ports> kubernetes(Field field) {
        if (!field.has(PORT, Map.of())) {
            return List.of();
        }
        OptionalInt protocol =
                field.child("protocol").map(f -> protocol(f, false)).orElse(OptionalInt.of(TCP));
        if (field.child("port").isEmpty()) {
            field.child("endPort").ifPresent(f -> f.mistake("endPort without port (expected: port, the lowest)"));
            return protocol.isPresent() ? List.of(Ports.all(protocol.getAsInt())) : List.of();
        }
        Field port = field.child("port").get();
        if (port.value().isTextual()) {
            port.wrong(NO_NAMES);
            return List.of();
        }
        OptionalInt first = port.number(1, Ports.MAX);
        OptionalInt last = last(field, first);
        return first.isPresent() && last.isPresent() && protocol.isPresent()
                ? List.of(new Ports(protocol.getAsInt(), first.getAsInt(), last.getAsInt()))
                : List.of();
    }

    /** An element of Cilium's "toPorts[].ports": port 0 is every port, no protocol is TCP, UDP and SCTP. */
    static List<Ports> cilium(Field field) {
        if (!field.has(PORT, Map.of())) {
            return List.of();
        }
        OptionalInt protocol =
                field.child("protocol").map(f -> protocol(f, true)).orElse(OptionalInt.of(ANY));
        OptionalInt first = field.required("port", "\"1\" to \"65535\", or \"0\" for every port")
                .map(PortFields::ciliumPort)
                .orElse(OptionalInt.empty());
        OptionalInt last = last(field, first);
        if (protocol.isEmpty() || first.isEmpty() || last.isEmpty()) {
            return List.of();
        }
        int number = protocol.getAsInt();
        if (first.getAsInt() == 0) {
            return List.of(number == ANY ? Ports.ANY : Ports.all(number));
        }
        List<Ports> all = new ArrayList<>();
        for (int each : number == ANY ? List.of(TCP, UDP, SCTP) : List.of(number)) {
            all.add(new Ports(each, first.getAsInt(), last.getAsInt()));
        }
        return all;
    }

    /** The range's end; the port itself when none is named. */
    private static OptionalInt last(Field field, OptionalInt first) {
        if (field.child("endPort").isEmpty()) {
            return first;
        }
        Field end = field.child("endPort").get();
        OptionalInt last = end.number(1, Ports.MAX);
        if (first.isPresent() && last.isPresent() && first.getAsInt() == 0) {
            end.mistake("endPort with port 0 (expected: no endPort, 0 is every port)");
            return OptionalInt.empty();
        }
        if (first.isPresent() && last.isPresent() && last.getAsInt() < first.getAsInt()) {
            end.mistake(last.getAsInt() + " (expected: at least port, " + first.getAsInt() + ")");
            return OptionalInt.empty();
        }
        return last;
    }

    private static OptionalInt ciliumPort(Field field) {
        if (field.value().isIntegralNumber()) {
            return field.number(0, Ports.MAX);
        }
        String text = field.text().orElse("");
        if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= Ports.MAX) {
            return OptionalInt.of(Integer.parseInt(text));
        }
        if (field.value().isTextual()) {
            field.wrong(text.matches("[0-9]+") ? "\"0\" to \"" + Ports.MAX + "\"" : NO_NAMES);
        }
        return OptionalInt.empty();
    }

    private static OptionalInt protocol(Field field, boolean cilium) {
        String text = field.text().orElse("");
        int number = switch (cilium ? text.toUpperCase(Locale.ROOT) : text) {
            case "TCP" -> TCP;
            case "UDP" -> UDP;
            case "SCTP" -> SCTP;
            case "ANY" -> cilium ? ANY : -1;
            default -> -1;
        };
        if (number >= 0) {
            return OptionalInt.of(number);
        }
        if (field.value().isTextual()) {
            field.wrong(cilium ? "TCP, UDP, SCTP or ANY; ICMP types go into icmps" : "TCP, UDP or SCTP");
        }
        return OptionalInt.empty();
    }

    /** An element of Cilium's "icmps". */
    static List<Ports> icmp(Field field) {
        List<Ports> all = new ArrayList<>();
        if (!field.has(Set.of("fields"), Map.of())) {
            return all;
        }
        List<Field> fields =
                field.required("fields", "at least one type").map(Field::items).orElse(List.of());
        field.child("fields")
                .filter(f -> f.value().isArray() && f.value().isEmpty())
                .ifPresent(f -> f.mistake("empty (expected: at least one type)"));
        for (Field item : fields) {
            if (item.has(Set.of("family", "type"), Map.of())) {
                int protocol = item.child("family").map(PortFields::family).orElse(IcmpTypes.ICMP);
                item.required("type", "a number or name of an ICMP type")
                        .map(type -> IcmpTypes.read(type, protocol))
                        .orElse(OptionalInt.empty())
                        .ifPresent(type -> all.add(new Ports(protocol, type, type)));
            }
        }
        return all;
    }

    private static int family(Field field) {
        String text = field.text().orElse("");
        if (text.equals("IPv6")) {
            return IcmpTypes.ICMPV6;
        }
        if (!text.equals("IPv4") && field.value().isTextual()) {
            field.wrong("IPv4 or IPv6");
        }
        return IcmpTypes.ICMP;
    }
}
