package io.fairlead.node.wiring;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Which devices are meant: names, and beginnings of names that end in "+", such as "eth+".
 *
 * @param patterns as the operator wrote them
 */
public record DeviceNames(List<String> patterns) {
    private static final int LONGEST = 15;

    /** @throws IllegalArgumentException naming a pattern that no device can match */
    public DeviceNames {
        patterns = List.copyOf(patterns);
        for (String pattern : patterns) {
            requireName(isBeginning(pattern) ? pattern.substring(0, pattern.length() - 1) + "0" : pattern);
        }
    }

    /** True when a pattern means this device. */
    public boolean matches(String device) {
        return patterns.stream().anyMatch(pattern -> matches(pattern, device));
    }

    static boolean matches(String pattern, String device) {
        return isBeginning(pattern)
                ? device.startsWith(pattern.substring(0, pattern.length() - 1))
                : device.equals(pattern);
    }

    /** Refuses what the kernel would refuse as a name, and what would leave the directory of its settings. */
    static void requireName(String name) {
        boolean valid = !name.isEmpty()
                && name.getBytes(StandardCharsets.UTF_8).length <= LONGEST
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(c -> c == '/' || c == ':' || c <= ' ' || c == 0x7f);
        if (!valid) {
            throw new IllegalArgumentException(
                    "device name: \"" + name + "\" (expected: 1 to 15 bytes without '/', ':' or blanks)");
        }
    }

    private static boolean isBeginning(String pattern) {
        return pattern.endsWith("+");
    }
}
