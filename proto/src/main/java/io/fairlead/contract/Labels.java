package io.fairlead.contract;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/**
 * A set of labels, sorted, with one value a source and key.
 *
 * @param sorted the labels in their order
 */
public record Labels(List<Label> sorted) {
    /** Most bytes of an encoding that makes an identity: a thousand of them fit into one message to a node. */
    public static final int MAX_ENCODED_BYTES = 15_000;

    public static final Labels EMPTY = new Labels(List.of());

    public Labels {
        for (int i = 1; i < sorted.size(); i++) {
            Label before = sorted.get(i - 1);
            Label label = sorted.get(i);
            boolean same = before.key().equals(label.key()) && before.source().equals(label.source());
            if (same || before.compareTo(label) >= 0) {
                throw new IllegalArgumentException(
                        "labels: " + before + " before " + label + " (expected: sorted, one value a key)");
            }
        }
        sorted = List.copyOf(sorted);
    }

    /** The set of these labels; of two with the same source and key the later one stays. */
    public static Labels of(Collection<Label> labels) {
        TreeMap<Label, Label> byKey = new TreeMap<>((a, b) -> {
            int order = a.key().compareTo(b.key());
            return order != 0 ? order : a.source().compareTo(b.source());
        });
        for (Label label : labels) {
            byKey.remove(label);
            byKey.put(label, label);
        }
        return new Labels(new ArrayList<>(byKey.values()));
    }

    /**
     * Reads texts of the form "source:key=value".
     *
     * @throws IllegalArgumentException naming the first text that is no label
     */
    public static Labels parse(Collection<String> texts) {
        return of(texts.stream().map(Label::parse).toList());
    }

    /**
     * Reads the store's encoding, in any order.
     *
     * @throws IllegalArgumentException naming what is no label or not ended by ';'
     */
    public static Labels decode(String encoded) {
        if (!encoded.isEmpty() && !encoded.endsWith(";")) {
            throw new IllegalArgumentException("labels: \"" + encoded + "\" (expected: each label ended by ';')");
        }
        List<Label> labels = new ArrayList<>();
        int at = 0;
        while (at < encoded.length()) {
            int end = encoded.indexOf(';', at);
            labels.add(Label.parse(encoded.substring(at, end)));
            at = end + 1;
        }
        return of(labels);
    }

    /**
     * Reads the encoding as an identity has it.
     *
     * @throws IllegalArgumentException as {@link #decode}, and when there is no label: such a set has no number
     */
    public static Labels decodeIdentity(String encoded) {
        Labels labels = decode(encoded);
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("labels: \"\" (expected: at least one, each ended by ';')");
        }
        return labels;
    }

    /** Cilium's encoding in the store: each label as "source:key=value;", sorted by key. The '=' is always there. */
    public String encoded() {
        StringBuilder text = new StringBuilder();
        for (Label label : sorted) {
            text.append(label.source())
                    .append(':')
                    .append(label.key())
                    .append('=')
                    .append(label.value())
                    .append(';');
        }
        return text.toString();
    }

    public boolean isEmpty() {
        return sorted.isEmpty();
    }

    /** Each label as text, in order. */
    public List<String> texts() {
        return sorted.stream().map(Label::toString).toList();
    }

    @Override
    public String toString() {
        return String.join(",", texts());
    }
}
