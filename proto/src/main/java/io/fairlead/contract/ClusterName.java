package io.fairlead.contract;

import java.util.regex.Pattern;

/**
 * Name of a cluster, unique in a mesh.
 *
 * @param value 1 to 32 lower-case letters, digits and '-', as Cilium's {@code cluster-name} has it
 */
public record ClusterName(String value) implements Comparable<ClusterName> {
    private static final Pattern FORM = Pattern.compile("[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?");

    /** The name of a cluster that was given none. */
    public static final ClusterName DEFAULT = new ClusterName("default");

    public ClusterName {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("cluster name: \"" + value
                    + "\" (expected: at most 32 lower-case letters, digits and '-', such as default)");
        }
    }

    @Override
    public int compareTo(ClusterName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
