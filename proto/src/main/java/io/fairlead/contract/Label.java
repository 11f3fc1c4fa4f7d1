package io.fairlead.contract;

/**
 * One label of a workload: {@code source:key=value}.
 *
 * @param source who said it ("k8s", "container", "reserved" …), never empty, without ':' and ';'
 * @param key never empty, without '=' and ';'
 * @param value may be empty, without ';'
 */
public record Label(String source, String key, String value) implements Comparable<Label> {
    /** Where a label comes from when its text does not say. */
    public static final String UNSPECIFIED = "unspec";

    public Label {
        if (source.isEmpty() || source.indexOf(':') >= 0 || bad(source)) {
            throw new IllegalArgumentException(
                    "label source: \"" + source + "\" (expected: not empty, no ':', ';' or control character)");
        }
        if (key.isEmpty() || key.indexOf('=') >= 0 || bad(key)) {
            throw new IllegalArgumentException(
                    "label key: \"" + key + "\" (expected: not empty, no '=', ';' or control character)");
        }
        if (bad(value)) {
            throw new IllegalArgumentException(
                    "label value: \"" + value + "\" of key " + key + " (expected: no ';' or control character)");
        }
    }

    /**
     * Reads "source:key=value"; a text without a source has {@link #UNSPECIFIED}, one without '=' an empty value.
     *
     * @throws IllegalArgumentException naming the text when it is no label
     */
    public static Label parse(String text) {
        int equals = text.indexOf('=');
        String left = equals < 0 ? text : text.substring(0, equals);
        String value = equals < 0 ? "" : text.substring(equals + 1);
        int colon = left.indexOf(':');
        try {
            return colon < 0
                    ? new Label(UNSPECIFIED, left, value)
                    : new Label(left.substring(0, colon), left.substring(colon + 1), value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "label: \"" + text + "\" (expected: source:key=value): " + e.getMessage(), e);
        }
    }

    /** By key, then source, then value: the order of the store's encoding. */
    @Override
    public int compareTo(Label other) {
        int byKey = key.compareTo(other.key);
        if (byKey != 0) {
            return byKey;
        }
        int bySource = source.compareTo(other.source);
        return bySource != 0 ? bySource : value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.isEmpty() ? source + ":" + key : source + ":" + key + "=" + value;
    }

    /** ';' ends a label in the store's encoding, and nothing unprintable belongs in a key of the store. */
    private static boolean bad(String part) {
        return part.chars().anyMatch(c -> c == ';' || c < 0x20 || c == 0x7f);
    }
}
