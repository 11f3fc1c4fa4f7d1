package io.fairlead.identity.policy;

import io.fairlead.contract.policy.PolicyName;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How large the policies in force are, as nodes are told them. One thread changes it, any thread may ask. */
public final class PolicySizes {
    /** Bytes of all policies together: every replica and every node holds them in memory. */
    public static final long MAX_BYTES = 32L << 20;

    private final Map<PolicyName, Integer> sizes = new ConcurrentHashMap<>();

    /** A policy has this many bytes now. */
    public void put(PolicyName name, int bytes) {
        sizes.put(name, bytes);
    }

    /** A policy is gone. */
    public void remove(PolicyName name) {
        sizes.remove(name);
    }

    /** Bytes of all. */
    public long total() {
        return with(Map.of());
    }

    /** Bytes of all, were some as large as given. */
    public long with(Map<PolicyName, Integer> changed) {
        long sum = 0;
        for (Map.Entry<PolicyName, Integer> each : sizes.entrySet()) {
            sum += changed.containsKey(each.getKey()) ? 0 : each.getValue();
        }
        return sum + changed.values().stream().mapToLong(Integer::longValue).sum();
    }
}
