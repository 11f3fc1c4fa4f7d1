package io.fairlead.identity.policy;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.runtime.config.EditDistance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A place in a document. Reading goes on after a mistake, so that all of them are told at once.
 *
 * @param title of the document: "document 2 (CiliumNetworkPolicy default/web)"
 * @param path from the document's root: "spec.ingress[0]"; empty for the root
 * @param value what is there
 * @param mistakes everything wrong so far
 */
record Field(String title, String path, JsonNode value, List<String> mistakes) {
    private static final int SHOWN = 60;
    private static final int NEAR = 3;

    /** What is under a name; null counts as nothing, as in Kubernetes. */
    Optional<Field> child(String name) {
        JsonNode found = value.get(name);
        return found == null || found.isNull() ? Optional.empty() : Optional.of(below(name, found));
    }

    private Field below(String name, JsonNode found) {
        return new Field(title, path.isEmpty() ? name : path + "." + name, found, mistakes);
    }

    /** What is under a name that must be there. */
    Optional<Field> required(String name, String expected) {
        Optional<Field> found = child(name);
        if (found.isEmpty() && value.isObject()) {
            below(name, value).mistake("missing (expected: " + expected + ")");
        }
        return found;
    }

    /** The elements of a list, but for those that are nothing. */
    List<Field> items() {
        List<Field> items = new ArrayList<>();
        if (!value.isArray()) {
            wrong("a list");
        }
        for (int i = 0; value.isArray() && i < value.size(); i++) {
            Field item = new Field(title, path + "[" + i + "]", value.get(i), mistakes);
            if (item.value().isNull()) {
                item.wrong("a value");
            } else {
                items.add(item);
            }
        }
        return items;
    }

    /** The entries of a map of texts, in their order. */
    List<Map.Entry<String, Field>> entries() {
        List<Map.Entry<String, Field>> entries = new ArrayList<>();
        if (isObject()) {
            value.properties().forEach(e -> entries.add(Map.entry(e.getKey(), below(e.getKey(), e.getValue()))));
        }
        return entries;
    }

    /** Whether it is a map; says so when it is not. */
    boolean isObject() {
        if (!value.isObject()) {
            wrong("a map");
        }
        return value.isObject();
    }

    /** Its text. */
    Optional<String> text() {
        if (value.isTextual()) {
            return Optional.of(value.textValue());
        }
        wrong(value.isValueNode() && !value.isNull() ? "a text: \"" + value.asText() + "\" in quotes" : "a text");
        return Optional.empty();
    }

    /** Its whole number. */
    OptionalInt number(int least, int most) {
        if (value.isIntegralNumber() && value.canConvertToInt()) {
            int number = value.intValue();
            if (number >= least && number <= most) {
                return OptionalInt.of(number);
            }
        }
        wrong("a number from " + least + " to " + most);
        return OptionalInt.empty();
    }

    /** Whether it says true. */
    Optional<Boolean> flag() {
        if (!value.isBoolean()) {
            wrong("true or false");
            return Optional.empty();
        }
        return Optional.of(value.booleanValue());
    }

    /** What a reader makes of its text; the reader's IllegalArgumentException is a mistake. */
    <T> Optional<T> parsed(Function<String, T> reader) {
        return text().flatMap(text -> {
            try {
                return Optional.of(reader.apply(text));
            } catch (IllegalArgumentException e) {
                mistake(String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        });
    }

    /**
     * Checks the names of a map.
     *
     * @param known those that are read
     * @param refused those that users know from elsewhere and that do nothing here, with what to say
     * @return whether it is a map
     */
    boolean has(Set<String> known, Map<String, String> refused) {
        if (!isObject()) {
            return false;
        }
        value.properties().forEach(entry -> {
            String name = entry.getKey();
            Field field = below(name, entry.getValue());
            if (refused.containsKey(name)) {
                field.mistake(refused.get(name));
            } else if (!known.contains(name)) {
                field.mistake("unknown field (expected: " + expected(name, known) + ")");
            }
        });
        return true;
    }

    private static String expected(String name, Set<String> known) {
        Optional<String> near = known.stream()
                .filter(candidate -> EditDistance.between(name, candidate) <= NEAR)
                .min((a, b) -> EditDistance.between(name, a) - EditDistance.between(name, b));
        return near.orElseGet(() -> "one of " + String.join(", ", new TreeSet<>(known)));
    }

    /** Says that the value is not what it should be. */
    void wrong(String expected) {
        String text = value.isContainerNode() ? (value.isArray() ? "a list" : "a map") : value.toString();
        String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
        mistake(shown + " (expected: " + expected + ")");
    }

    /** Says what is wrong here. */
    void mistake(String what) {
        mistakes.add(title + ": " + (path.isEmpty() ? "" : path + ": ") + what);
    }
}
