package io.fairlead.node.policy;

import java.util.Locale;

/**
 * How policies are applied on a node.
 *
 * @param enforcement when a pod may do only what rules allow
 * @param audit whether what policies forbid is told and passes
 * @param localhost whether the node reaches its own pods whatever the allow rules say
 * @param maxEntries most entries of the policy of one identity
 */
public record PolicySettings(Enforcement enforcement, boolean audit, Localhost localhost, int maxEntries) {
    /** Entries a policy may have unless told otherwise. */
    public static final int MAX_ENTRIES = 16384;

    /** What holds unless told otherwise. */
    public static final PolicySettings DEFAULT =
            new PolicySettings(Enforcement.DEFAULT, false, Localhost.ALWAYS, MAX_ENTRIES);

    public PolicySettings {
        if (maxEntries < 1) {
            throw new IllegalArgumentException("policy entries: " + maxEntries + " (expected: 1 or more)");
        }
    }

    /** When a pod may do only what rules allow ({@code enable-policy}). */
    public enum Enforcement {
        /** In the directions some rule about it enforces. */
        DEFAULT,
        /** Always, in both directions. */
        ALWAYS,
        /** Never; rules are not looked at. */
        NEVER;

        /** @throws IllegalArgumentException naming the text when it is none of the three */
        public static Enforcement parse(String text) {
            return PolicySettings.parse(Enforcement.class, "enable-policy", text);
        }
    }

    /** Whether the node reaches its own pods ({@code allow-localhost}). */
    public enum Localhost {
        /** It does, unless a rule denies it. */
        ALWAYS,
        /** Only as rules say. */
        POLICY;

        /** @throws IllegalArgumentException naming the text when it is neither */
        public static Localhost parse(String text) {
            return PolicySettings.parse(Localhost.class, "allow-localhost", text);
        }
    }

    private static <E extends Enum<E>> E parse(Class<E> type, String option, String text) {
        for (E value : type.getEnumConstants()) {
            if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
                return value;
            }
        }
        throw new IllegalArgumentException(option + ": \"" + text + "\" (expected: one of "
                + java.util.Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT) + ")");
    }
}
