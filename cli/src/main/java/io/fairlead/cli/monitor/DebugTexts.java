package io.fairlead.cli.monitor;

import io.fairlead.contract.Ip;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Texts of debug messages by their numbers. The arguments are as the program wrote them, on this machine. */
final class DebugTexts {
    /**
     * {@code {2p}} is the second argument in the form p:
     *
     * <ul>
     *   <li>d, x, #: decimal, hexadecimal without and with 0x
     *   <li>a, b: an IPv4 address, the last 32 bits of an IPv6 one
     *   <li>p, q: the port in the low and in the high half, in network byte order
     *   <li>l, h: the low and the high half; y, w: the lowest byte and what is above it
     *   <li>s, r: state of a connection, direction
     * </ul>
     */
    private static final Pattern ARGUMENT = Pattern.compile("\\{([123])([a-z#])\\}");

    private static final List<Part> UNKNOWN = parts("arg1={1d} arg2={2d}");

    private static final Map<Integer, List<Part>> TEXTS = """
            1 No message, arg1={1d} ({1#}) arg2={2d} ({2#})
            2 Attempting local delivery for container id {1d} from seclabel {2d}
            3 Encapsulating to node {1d} ({1#}) from seclabel {2d}
            4 Local container found ifindex {1d} seclabel {2d}
            5 Policy evaluation would deny packet from {1d} to {2d}
            6 CT lookup: sport={1p} dport={1q} nexthdr={2w} flags={2y}
            7 CT reverse lookup: sport={1p} dport={1q} nexthdr={2w} flags={2y}
            8 CT entry found lifetime={1d}, revnat={2d}
            9 CT created 1/2: sport={1p} dport={1q} nexthdr={2w} flags={2y}
            10 CT created 2/2: {1a} revnat={2d}
            11 Handling ICMPv6 type={1d}
            12 ICMPv6 echo request for router offset={1d}
            13 ICMPv6 neighbour soliciation for address {1x}:{2x}
            14 Sending ICMPv6 time exceeded
            15 CT verdict: {1s}, revnat={2d}
            16 Tunnel decap: id={1d} flowlabel={2x}
            17 Mapping port from={1p} to={2p}
            18 BPF function {1d} returned error {2d}
            19 Going to host, policy-skip={1d}
            20 Going to the stack, policy-skip={1d}
            21 Packet hash={1d} ({1#}), selected_service={2d}
            22 Master service lookup, addr={1a} key.dport={2p}
            23 Master service lookup failed
            24 Service backend slot lookup: slot={1d}, dport={2p}
            25 Service backend slot lookup result: target={1a} port={2p}
            26 Service backend slot lookup failed: slot={1d}, dport={2p}
            27 Backend service lookup failed: backend_id={1d}
            28 Reverse NAT lookup, index={1d}
            29 Performing reverse NAT, address={1a} port={2p}
            30 Master service lookup, addr.p4={1x} key.dport={2p}
            31 Master service lookup failed
            32 Service backend slot lookup: slot={1d}, dport={2p}
            33 Service backend slot lookup result: target.p4={1x} port={2p}
            34 Service backend slot lookup failed: slot={1d}, dport={2p}
            35 Backend service lookup failed: backend_id={1d}
            36 Reverse NAT lookup, index={1d}
            37 Performing reverse NAT, address.p4={1x} port={2p}
            38 Loopback SNAT from={1a} to={2a}
            39 Loopback reverse SNAT from={1a} to={2a}
            40 CT lookup address: {1a}
            41 RR backend slot selection hash={1d} ({1#}), selected_service={2d}
            42 Reverse proxy lookup sport={1p} dport={1q} saddr={2a} nexthdr={3d}
            43 Reverse proxy entry found, orig-daddr={1a} orig-dport={2p}
            44 Reverse proxy updated sport={1p} dport={1q} saddr={2a} nexthdr={3d}
            45 Resolved L4 policy to: {1p} / {2r}
            46 Destination is inside cluster prefix, source identity: {1d}
            47 Attempting encapsulation, lookup key: {1a}, identity: {2d}
            48 Conntrack lookup 1/2: src={1a}:{3p} dst={2a}:{3q}
            49 Conntrack lookup 2/2: nexthdr={1w} flags={1y}
            50 Conntrack create: proxy-port={1h} revnat={1l} src-identity={2d} lb={3a}
            51 Conntrack lookup 1/2: src={1b}:{3p} dst={2b}:{3q}
            52 Conntrack lookup 2/2: nexthdr={1w} flags={1y}
            53 Conntrack create: proxy-port={1h} revnat={1l} src-identity={2d} lb={3b}
            54 Skipping proxy, tc_index is set={1x}
            55 Matched L4 policy; creating conntrack src={1d} dst={2d} dport={3q} proto={3y}
            56 Failed to map addr={1a} to identity
            57 Failed to map addr.p4={1b} to identity
            58 Successfully mapped addr={1a} to identity={2d}
            59 Successfully mapped addr.p4={1b} to identity={2d}
            60 Stale CT entry found stale_ct.rev_nat_id={2d}, svc.rev_nat_id={1d}
            61 Inheriting identity={1d} from stack
            62 Socket lookup: src={1a}:{3p} dst={2a}:{3q}
            63 Socket lookup: src={1b}:{3p} dst={2b}:{3q}
            64 Socket assign: {1d}
            65 L7 LB from {1a} to {2a}: proxy port {3d}
            66 Loopback SNAT from.p4={1x} to.p4={2x}
            67 Loopback reverse SNAT from.p4={1x} to.p4={2x}
            """.lines()
            .map(line -> line.split(" ", 2))
            .collect(Collectors.toUnmodifiableMap(parts -> Integer.valueOf(parts[0]), parts -> parts(parts[1])));

    private static final String[] STATES = {"New", "Established", "Reply", "Related", "Reopened"};

    private DebugTexts() {}

    /**
     * A piece of a text.
     *
     * @param literal stands before the argument
     * @param argument its index, -1 for none
     */
    private record Part(String literal, int argument, char form) {}

    private static List<Part> parts(String template) {
        List<Part> parts = new ArrayList<>();
        Matcher matcher = ARGUMENT.matcher(template);
        int from = 0;
        while (matcher.find()) {
            parts.add(new Part(
                    template.substring(from, matcher.start()),
                    matcher.group(1).charAt(0) - '1',
                    matcher.group(2).charAt(0)));
            from = matcher.end();
        }
        parts.add(new Part(template.substring(from), -1, ' '));
        return List.copyOf(parts);
    }

    /**
     * The text of a message.
     *
     * @param arguments three
     */
    static String text(int number, int[] arguments) {
        StringBuilder text = new StringBuilder(96);
        List<Part> parts = TEXTS.get(number);
        if (parts == null) {
            text.append("Unknown message type=").append(number).append(' ');
            parts = UNKNOWN;
        }
        for (Part part : parts) {
            text.append(part.literal());
            if (part.argument() >= 0) {
                text.append(argument(arguments[part.argument()], part.form()));
            }
        }
        return text.toString();
    }

    private static String argument(int value, char form) {
        return switch (form) {
            case 'd' -> Integer.toUnsignedString(value);
            case 'x' -> Integer.toHexString(value);
            case '#' -> "0x" + Integer.toHexString(value);
            case 'a' -> ipv4(value);
            case 'b' -> "[::" + ipv6(value) + "]";
            case 'p' -> port(value);
            case 'q' -> port(value >>> 16);
            case 'l' -> Integer.toString(value & 0xffff);
            case 'h' -> Integer.toString(value >>> 16);
            case 'y' -> Integer.toString(value & 0xff);
            case 'w' -> Integer.toString(value >>> 8);
            case 's' -> value >= 0 && value < STATES.length ? STATES[value] : Integer.toUnsignedString(value);
            case 'r' -> value == 1 ? "ingress" : "egress";
            default -> throw new IllegalArgumentException("form: " + form + " (expected: one of dx#abpqlhywsr)");
        };
    }

    /** Network byte order, read as this machine reads numbers. */
    private static int swapped(int value) {
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? value : Integer.reverseBytes(value);
    }

    private static String ipv4(int value) {
        return Ip.of(ByteBuffer.allocate(4).putInt(swapped(value)).array()).toString();
    }

    private static String ipv6(int value) {
        int bits = swapped(value);
        return Integer.toHexString(bits >>> 16) + ":" + Integer.toHexString(bits & 0xffff);
    }

    private static String port(int half) {
        short value = (short) half;
        short port = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? value : Short.reverseBytes(value);
        return Integer.toString(Short.toUnsignedInt(port));
    }
}
