package io.fairlead.node.policy;

import java.util.HashMap;
import java.util.Map;

/**
 * Numbers for rules, as entries of the kernel's table and events have them.
 *
 * <p>A number comes from the rule's text, so that an agent that starts anew gives the same one.
 */
final class RuleNumbers {
    private final Map<String, Integer> byText = new HashMap<>(); // owned by: reconciler
    private final Map<Integer, String> texts = new HashMap<>(); // owned by: reconciler

    /** The number of a rule, 1 and up. */
    int of(String text) {
        Integer known = byText.get(text);
        if (known != null) {
            return known;
        }
        int number = text.hashCode() & Integer.MAX_VALUE;
        while (number == 0 || texts.containsKey(number)) {
            number = (number + 1) & Integer.MAX_VALUE;
        }
        byText.put(text, number);
        texts.put(number, text);
        return number;
    }

    /** Texts by number, of every rule there was since the start: old entries still name them. */
    Map<Integer, String> texts() {
        return Map.copyOf(texts);
    }
}
