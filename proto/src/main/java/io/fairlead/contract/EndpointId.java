package io.fairlead.contract;

/**
 * Number of an endpoint, unique on its node.
 *
 * @param value 1 to 65535
 */
public record EndpointId(int value) implements Comparable<EndpointId> {
    public EndpointId {
        if (value < 1 || value > 65535) {
            throw new IllegalArgumentException("endpoint id: " + value + " (expected: 1 to 65535)");
        }
    }

    @Override
    public int compareTo(EndpointId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
