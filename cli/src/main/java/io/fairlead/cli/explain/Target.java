package io.fairlead.cli.explain;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A destination as it is written: "default/web:80/tcp", "10.0.0.1:53/udp", "[fd00::1]:80", "fd00::1", "world:443".
 *
 * @param name without port and brackets
 * @param port 0 for none
 * @param protocol IANA's number, 0 for the usual one
 */
record Target(String name, int port, int protocol) {
    private static final Map<String, Integer> PROTOCOLS =
            Map.of("tcp", 6, "udp", 17, "sctp", 132, "icmp", 1, "icmpv6", 58);
    private static final Pattern WITH_PORT =
            Pattern.compile("(\\[([0-9a-fA-F:.]+)]|[^:\\[\\]]+):([0-9]+)(/([a-zA-Z0-9]+))?");
    private static final Pattern BRACKETED = Pattern.compile("\\[([0-9a-fA-F:.]+)]");
    private static final String EXPECTED = " (expected: NAME, or NAME:PORT or NAME:PORT/PROTOCOL with a port from 1 to"
            + " 65535 and tcp, udp or sctp; an IPv6 address in brackets)";

    /** @throws IllegalArgumentException naming the text and what is expected */
    static Target parse(String text) {
        Matcher bracketed = BRACKETED.matcher(text);
        if (bracketed.matches()) {
            return new Target(bracketed.group(1), 0, 0);
        }
        Matcher parts = WITH_PORT.matcher(text);
        // no colon: a name; several and no bracket: an IPv6 address
        boolean single = text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':');
        if (!single && !text.contains("[")) {
            return new Target(text, 0, 0);
        }
        if (!parts.matches()) {
            throw new IllegalArgumentException("destination: " + text + EXPECTED);
        }
        String digits = parts.group(3);
        int port = digits.length() > 5 ? 0 : Integer.parseInt(digits);
        String protocol = Optional.ofNullable(parts.group(5)).orElse("tcp").toLowerCase(Locale.ROOT);
        int number = PROTOCOLS.getOrDefault(protocol, 0);
        if (port < 1 || port > 65535 || number == 0 || protocol.startsWith("icmp")) {
            throw new IllegalArgumentException("destination: " + text + EXPECTED);
        }
        return new Target(Optional.ofNullable(parts.group(2)).orElse(parts.group(1)), port, number);
    }

    /** A source: a destination without a port. */
    static String source(String text) {
        Matcher bracketed = BRACKETED.matcher(text);
        return bracketed.matches() ? bracketed.group(1) : text;
    }
}
