package io.fairlead.node.datapath;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.kernel.bpf.DatapathConfig.Ports;
import io.fairlead.node.kernel.bpf.SettingsMap.Aggregation;
import io.fairlead.runtime.config.ValueParser;
import io.fairlead.runtime.config.Values;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Values of the datapath's keys. Each refuses what it does not know, saying what it expects. */
final class Parsers {
    private static final Map<String, Integer> TCP_FLAGS = Map.of(
            "fin", 0x01, "syn", 0x02, "rst", 0x04, "psh", 0x08, "ack", 0x10, "urg", 0x20, "ece", 0x40, "cwr", 0x80);

    private Parsers() {}

    static Cidr cidr(String text, Ip.Family family) {
        Cidr cidr = Cidr.parse(text);
        if (cidr.family() != family) {
            throw new IllegalArgumentException(
                    "CIDR: " + cidr + " (expected: of " + (family == Ip.Family.V4 ? "IPv4" : "IPv6") + ")");
        }
        return cidr;
    }

    static Path path(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("(expected: an absolute path)");
        }
        return Path.of(text);
    }

    static boolean debugsDatapath(List<String> groups) {
        return !groups.isEmpty();
    }

    static Aggregation aggregation(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "none", "disabled", "" -> Aggregation.NONE;
            // the lowest of Cilium's levels leaves out what low leaves out
            case "lowest", "low" -> Aggregation.LOW;
            case "medium" -> Aggregation.MEDIUM;
            case "max", "maximum" -> Aggregation.MAXIMUM;
            default -> throw new IllegalArgumentException("(expected: none, low, medium or maximum)");
        };
    }

    static int tcpFlags(String text) {
        ValueParser<Integer> flag = name -> Optional.ofNullable(TCP_FLAGS.get(name.toLowerCase(Locale.ROOT)))
                .orElseThrow(() -> new IllegalArgumentException(
                        "TCP flag: " + name + " (expected: fin, syn, rst, psh, ack, urg, ece or cwr)"));
        return Values.listOf(flag).parse(text).stream().reduce(0, (a, b) -> a | b);
    }

    static Ports natPorts(String text) {
        IllegalArgumentException bad =
                new IllegalArgumentException("(expected: lowest,highest such as 30000,32767, below 65535)");
        List<Integer> range;
        try {
            range = Values.listOf(Values.integer(1, 65534)).parse(text);
        } catch (IllegalArgumentException e) {
            bad.initCause(e);
            throw bad;
        }
        if (range.size() != 2 || range.get(0) >= range.get(1)) {
            throw bad;
        }
        return new Ports(range.get(1) + 1, 65535);
    }

    static double ratio(String text) {
        IllegalArgumentException bad = new IllegalArgumentException("(expected: a share such as 0.0025, 0 to 1)");
        if (!text.matches("[0-9]{1,3}(\\.[0-9]{1,9})?")) {
            throw bad;
        }
        double ratio = Double.parseDouble(text);
        if (ratio > 1) {
            throw bad;
        }
        return ratio;
    }

    static Duration between(String text, Duration shortest, Duration longest) {
        Duration duration = Values.DURATION.parse(text);
        if (duration.compareTo(shortest) < 0 || duration.compareTo(longest) > 0) {
            throw new IllegalArgumentException(
                    "(expected: " + shortest.toSeconds() + "s to " + longest.toHours() + "h)");
        }
        return duration;
    }

    static String noServices(String text) {
        if (!text.equals("disabled") && !text.equals("false")) {
            throw new IllegalArgumentException(
                    "(expected: disabled or false; services are not translated, leave them to kube-proxy)");
        }
        return text;
    }
}
