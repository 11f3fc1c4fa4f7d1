package io.fairlead.contract;

import java.util.regex.Pattern;

/**
 * Name of a node, unique in its cluster: an RFC 1123 subdomain, as Kubernetes has it.
 *
 * @param value 1 to 253 lower-case letters, digits, '-' and '.'
 */
public record NodeName(String value) implements Comparable<NodeName> {
    private static final Pattern FORM =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

    public NodeName {
        if (value.length() > 253 || !FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("node name: \"" + value
                    + "\" (expected: at most 253 lower-case letters, digits, '-' and '.', such as dev1)");
        }
    }

    @Override
    public int compareTo(NodeName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
