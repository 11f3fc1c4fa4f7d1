package io.fairlead.node.cni;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The variable CNI_ARGS: "KEY=VALUE;KEY=VALUE" in any order.
 *
 * @param values by key; empty values are left out
 */
record CniArgs(Map<String, String> values) {
    private static final String IGNORE_UNKNOWN = "IgnoreUnknown";
    private static final Set<String> KNOWN = Set.of(
            IGNORE_UNKNOWN,
            "IP",
            "IP_POOL",
            "K8S_POD_NAMESPACE",
            "K8S_POD_NAME",
            "K8S_POD_INFRA_CONTAINER_ID",
            "K8S_POD_UID");

    CniArgs {
        values = Map.copyOf(values);
    }

    /** @throws CniException for a part that is no pair, or an unknown key unless those are to be ignored */
    static CniArgs parse(String text) {
        Map<String, String> values = new HashMap<>();
        for (String part : text.split(";")) {
            int equals = part.indexOf('=');
            if (part.isEmpty()) {
                continue;
            }
            if (equals < 1) {
                throw new CniException(
                        CniCode.INVALID_ENVIRONMENT,
                        "CNI_ARGS: \"" + part + "\" (expected: KEY=VALUE pairs joined by ';')");
            }
            if (equals + 1 < part.length()) {
                values.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        Set<String> unknown = new TreeSet<>(values.keySet());
        unknown.removeAll(KNOWN);
        if (!unknown.isEmpty() && !ignoresUnknown(values)) {
            throw new CniException(
                    CniCode.INVALID_ENVIRONMENT,
                    "CNI_ARGS: unknown keys " + unknown + " (expected: IgnoreUnknown=1 with them)");
        }
        return new CniArgs(values);
    }

    Optional<String> namespace() {
        return Optional.ofNullable(values.get("K8S_POD_NAMESPACE"));
    }

    Optional<String> pod() {
        return Optional.ofNullable(values.get("K8S_POD_NAME"));
    }

    /** The address asked for by the old convention. */
    Optional<String> ip() {
        return Optional.ofNullable(values.get("IP"));
    }

    /** The pool the address is to be from. */
    Optional<String> pool() {
        return Optional.ofNullable(values.get("IP_POOL"));
    }

    private static boolean ignoresUnknown(Map<String, String> values) {
        String value = values.getOrDefault(IGNORE_UNKNOWN, "");
        return value.equals("1") || value.equalsIgnoreCase("true");
    }
}
