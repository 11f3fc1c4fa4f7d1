package io.fairlead.cli.connectivity;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The tests' policies: files of the jar, in which {{NAME}} stands for what a site has. */
final class PolicyFiles {
    private static final Pattern PLACE = Pattern.compile("\\{\\{([A-Z_]+)}}");

    private final Map<String, String> values;

    PolicyFiles(Site site) {
        Ip one = ip(site, 0);
        Ip two = ip(site, 1);
        values = Map.of(
                "WORLD_CIDR", around(one, two).toString(),
                "WORLD_TWO", two.toString(),
                "NODE_CIDRS",
                        site.nodes().stream()
                                .flatMap(node -> node.addresses().stream())
                                .map(ip -> '"' + ip.toString() + (ip.isV4() ? "/32" : "/128") + '"')
                                .collect(Collectors.joining(", ", "[", "]")));
    }

    private static Ip ip(Site site, int index) {
        return site.world()
                .get(index)
                .ip(Ip.Family.V4)
                .orElseThrow(() ->
                        new DriverException("world " + site.world().get(index).name()
                                + ": no IPv4 address (expected: one, policies of prefixes name it)"));
    }

    /** The smallest prefix that has both. */
    private static Cidr around(Ip one, Ip two) {
        int length = 32;
        while (!Cidr.containing(one, length).contains(two)) {
            length--;
        }
        return Cidr.containing(one, length);
    }

    /** The policy of a test. */
    String read(String test) {
        String name = "policies/" + test + ".yaml";
        try (InputStream resource = PolicyFiles.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw new IllegalStateException("resource " + name + ": missing (expected: one for each test)");
            }
            String text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
            return PLACE.matcher(text).replaceAll(match -> {
                String value = values.get(match.group(1));
                if (value == null) {
                    throw new IllegalStateException(
                            name + ": {{" + match.group(1) + "}} (expected: one of " + values.keySet() + ")");
                }
                return Matcher.quoteReplacement(value);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
