package io.fairlead.identity.policy;

import io.fairlead.contract.policy.PolicyName;
import io.fairlead.contract.policy.PolicyName.Kind;
import java.util.Arrays;

/** Where in the store policies are: kind/namespace/name behind a prefix, a clusterwide one without the namespace. */
public final class PolicyKeys {
    /** Prefix of all policies. */
    public static final String PREFIX = "fairlead/policy/v1/";

    private PolicyKeys() {}

    static String key(PolicyName name) {
        String namespace = name.namespace().isEmpty() ? "" : name.namespace() + "/";
        return PREFIX + name.kind().text() + "/" + namespace + name.name();
    }

    /**
     * The policy whose key this is.
     *
     * @throws IllegalArgumentException naming the key when it is none's
     */
    public static PolicyName parse(String key) {
        String[] parts = key.substring(Math.min(PREFIX.length(), key.length())).split("/", -1);
        Kind kind = Arrays.stream(Kind.values())
                .filter(k -> k.text().equals(parts[0]))
                .findFirst()
                .orElseThrow(() -> wrong(key));
        int expected = kind == Kind.CILIUM_CLUSTERWIDE_NETWORK_POLICY ? 2 : 3;
        if (!key.startsWith(PREFIX)
                || parts.length != expected
                || Arrays.stream(parts).anyMatch(String::isEmpty)) {
            throw wrong(key);
        }
        return new PolicyName(kind, expected == 2 ? "" : parts[1], parts[expected - 1]);
    }

    private static IllegalArgumentException wrong(String key) {
        return new IllegalArgumentException("policy key: \"" + key + "\" (expected: kind/namespace/name behind "
                + PREFIX + ", a clusterwide one without namespace)");
    }
}
