package io.fairlead.node.datapath;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fairlead.contract.Cidr;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The ip-masq-agent file, YAML or JSON: {@code nonMasqueradeCIDRs}, {@code masqLinkLocal}, {@code masqLinkLocalIPv6}. No
 * file, or an empty one, means the CIDRs that ip-masq-agent itself begins with. What cannot be read leaves things as they
 * were.
 */
final class MasqAgentFile {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final int LARGEST = 1 << 20;
    private static final Cidr LINK_LOCAL = Cidr.parse("169.254.0.0/16");
    private static final Cidr LINK_LOCAL_IPV6 = Cidr.parse("fe80::/10");
    private static final List<Cidr> DEFAULT = Stream.of(
                    "10.0.0.0/8",
                    "172.16.0.0/12",
                    "192.168.0.0/16",
                    "100.64.0.0/10",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.88.99.0/24",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "240.0.0.0/4")
            .map(Cidr::parse)
            .toList();

    private final Path file;
    private byte[] content = {}; // owned by: reconciler
    private Set<Cidr> cidrs = withLinkLocal(DEFAULT, false, false); // owned by: reconciler
    private Optional<String> problem = Optional.empty(); // owned by: reconciler

    MasqAgentFile(Path file) {
        this.file = file;
    }

    /** Reads the file if it is another than last time; the CIDRs that are not masqueraded, by the last good one. */
    Set<Cidr> read() {
        try {
            byte[] now = bytes();
            if (!Arrays.equals(now, content)) {
                content = now;
                problem = Optional.empty();
                cidrs = parse(new String(now, StandardCharsets.UTF_8));
            }
        } catch (IOException | IllegalArgumentException e) {
            problem = Optional.of("ip-masq-agent file " + file + ": "
                    + (e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage()));
        }
        return cidrs;
    }

    /** Why the file as it is now is not in force; empty when it is. */
    Optional<String> problem() {
        return problem;
    }

    private byte[] bytes() throws IOException {
        try {
            if (Files.size(file) > LARGEST) {
                throw new IllegalArgumentException(Files.size(file) + " bytes (expected: " + LARGEST + " at most)");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            // a problem of a file that is gone is gone as well
            return new byte[0];
        }
    }

    /** @throws IllegalArgumentException naming the entry that is none */
    static Set<Cidr> parse(String text) throws IOException {
        JsonNode root = YAML.readTree(text);
        if (root == null || root.isMissingNode() || root.isNull()) {
            return withLinkLocal(DEFAULT, false, false);
        }
        if (!root.isObject()) {
            throw new IllegalArgumentException(
                    root.getNodeType() + " (expected: nonMasqueradeCIDRs, masqLinkLocal, masqLinkLocalIPv6)");
        }
        Set<Cidr> listed = new LinkedHashSet<>();
        JsonNode list = root.path("nonMasqueradeCIDRs");
        if (!list.isMissingNode() && !list.isNull() && !list.isArray()) {
            throw new IllegalArgumentException("nonMasqueradeCIDRs: " + list + " (expected: a list of CIDRs)");
        }
        for (JsonNode entry : list) {
            if (!entry.isTextual()) {
                throw new IllegalArgumentException("nonMasqueradeCIDRs: " + entry + " (expected: a CIDR)");
            }
            listed.add(Cidr.parse(entry.asText()));
        }
        return withLinkLocal(listed, flag(root, "masqLinkLocal"), flag(root, "masqLinkLocalIPv6"));
    }

    private static boolean flag(JsonNode root, String name) {
        JsonNode flag = root.path(name);
        if (!flag.isMissingNode() && !flag.isNull() && !flag.isBoolean()) {
            throw new IllegalArgumentException(name + ": " + flag + " (expected: true or false)");
        }
        return flag.asBoolean();
    }

    private static Set<Cidr> withLinkLocal(Iterable<Cidr> cidrs, boolean masquerade, boolean masqueradeIpv6) {
        Set<Cidr> all = new LinkedHashSet<>();
        cidrs.forEach(all::add);
        if (!masquerade) {
            all.add(LINK_LOCAL);
        }
        if (!masqueradeIpv6) {
            all.add(LINK_LOCAL_IPV6);
        }
        return Set.copyOf(all);
    }
}
