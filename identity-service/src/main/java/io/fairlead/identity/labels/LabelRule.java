package io.fairlead.identity.labels;

import io.fairlead.contract.Label;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * One rule of the filter: {@code [source:][!]regex}, the regex matched from the start of a label's key.
 *
 * @param source labels it is about; empty for all
 * @param excludes true when what it matches does not count ('!')
 * @param key what keys start with
 */
record LabelRule(String source, boolean excludes, Pattern key) {
    /**
     * Reads a rule.
     *
     * @throws IllegalArgumentException naming the text when it is none
     */
    static LabelRule parse(String text) {
        int colon = text.indexOf(':');
        String source = colon < 0 ? "" : text.substring(0, colon);
        String rest = text.substring(colon + 1);
        boolean excludes = rest.startsWith("!");
        String regex = excludes ? rest.substring(1) : rest;
        if (regex.isEmpty() || colon == 0) {
            throw new IllegalArgumentException(
                    "label rule: \"" + text + "\" (expected: [source:][!]regex such as k8s:!io\\.kubernetes)");
        }
        try {
            return new LabelRule(source, excludes, Pattern.compile(regex));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "label rule: \"" + text + "\" (expected: a regular expression: " + e.getDescription() + ")", e);
        }
    }

    /** A rule whose prefix is taken letter by letter. */
    static LabelRule prefix(String source, boolean excludes, String prefix) {
        // this one Cilium needs in every list, and means all that is reserved by it
        boolean reserved = source.equals("reserved") && prefix.equals(".*");
        return new LabelRule(source, excludes, Pattern.compile(prefix, reserved ? 0 : Pattern.LITERAL));
    }

    /** How much of the label's key it matches; empty when it does not match. */
    OptionalInt match(Label label) {
        if (!source.isEmpty() && !source.equals(label.source())) {
            return OptionalInt.empty();
        }
        Matcher matcher = key.matcher(label.key());
        return matcher.lookingAt() ? OptionalInt.of(matcher.end()) : OptionalInt.empty();
    }

    @Override
    public String toString() {
        return (source.isEmpty() ? "" : source + ":") + (excludes ? "!" : "") + key.pattern();
    }
}
