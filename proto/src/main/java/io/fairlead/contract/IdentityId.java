package io.fairlead.contract;

import java.util.Arrays;
import java.util.Optional;

/**
 * Number of a security identity, host byte order in maps.
 *
 * <p>1 to 10 reserved, 256 to 65535 allocated in a cluster, the cluster's id in bits 16 to 23; node-local ones have scope
 * bit 24.
 *
 * @param value 0 (unknown) to 2^32-1, held unsigned
 */
public record IdentityId(int value) implements Comparable<IdentityId> {
    /** Lowest number given to a label set. */
    public static final int MIN_ALLOCATED = 256;
    /** Highest number given to a label set, without the cluster's id. */
    public static final int MAX_ALLOCATED = 65535;
    /** Bit that marks an identity only one node knows. */
    public static final int SCOPE_LOCAL = 1 << 24;

    /** Numbers with a meaning of their own. */
    public enum Reserved {
        UNKNOWN(0),
        HOST(1),
        WORLD(2),
        UNMANAGED(3),
        HEALTH(4),
        INIT(5),
        REMOTE_NODE(6),
        KUBE_APISERVER(7),
        INGRESS(8),
        WORLD_IPV4(9),
        WORLD_IPV6(10);

        private final int number;

        Reserved(int number) {
            this.number = number;
        }

        public IdentityId id() {
            return new IdentityId(number);
        }

        /** The name as labels and lists have it: "remote-node". */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    public static final IdentityId HOST = Reserved.HOST.id();
    public static final IdentityId WORLD = Reserved.WORLD.id();
    public static final IdentityId REMOTE_NODE = Reserved.REMOTE_NODE.id();

    /**
     * Reads a decimal number.
     *
     * @throws IllegalArgumentException naming the text unless it is 0 to 4294967295
     */
    public static IdentityId parse(String text) {
        // the platform's parser also takes a sign and the digits of other scripts
        long number = text.matches("[0-9]{1,10}") ? Long.parseLong(text) : -1;
        if (number < 0 || number > 0xffffffffL) {
            throw new IllegalArgumentException("identity: \"" + text + "\" (expected: 0 to 4294967295)");
        }
        return new IdentityId((int) number);
    }

    /** The number of the {@code local}th label set of a cluster: the cluster's id in the bits above 16. */
    public static IdentityId allocated(int clusterId, int local) {
        if (clusterId < 0 || clusterId > 255 || local < MIN_ALLOCATED || local > MAX_ALLOCATED) {
            throw new IllegalArgumentException("identity: " + local + " of cluster " + clusterId
                    + " (expected: 256 to 65535 of a cluster 0 to 255)");
        }
        return new IdentityId(clusterId << 16 | local);
    }

    /** Which reserved identity this is, if it is one. */
    public Optional<Reserved> reserved() {
        return Arrays.stream(Reserved.values()).filter(r -> r.number == value).findFirst();
    }

    @Override
    public int compareTo(IdentityId other) {
        return Integer.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toUnsignedString(value);
    }
}
