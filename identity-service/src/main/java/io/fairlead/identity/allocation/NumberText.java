package io.fairlead.identity.allocation;

import io.fairlead.contract.IdentityId;

/** Numbers as the store's keys and values write them: decimal, without sign, leading zeros or anything else. */
public final class NumberText {
    private NumberText() {}

    /**
     * Reads a number.
     *
     * @throws IllegalArgumentException naming the text
     */
    public static IdentityId parse(String text) {
        if (!text.matches("[1-9][0-9]{0,9}")) {
            throw new IllegalArgumentException("identity: \"" + text + "\" (expected: 1 to 4294967295)");
        }
        return IdentityId.parse(text);
    }

    /**
     * Reads the number at the end of a key.
     *
     * @throws IllegalArgumentException naming what is there instead
     */
    public static IdentityId ofKey(String key, String prefix) {
        String suffix = key.substring(prefix.length());
        try {
            return parse(suffix);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "Cannot parse key suffix \"" + suffix + "\" (expected: a number behind " + prefix + ")", e);
        }
    }

    /** True for one that label sets of this cluster are given. */
    public static boolean isAllocated(IdentityId id, int clusterId) {
        return id.value() >>> 16 == clusterId && (id.value() & 0xffff) >= IdentityId.MIN_ALLOCATED;
    }
}
