package io.fairlead.contract.etcd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON in the plain form that programs write: no escapes, no line breaks, only whole numbers, no name twice. Makes the
 * tree a general parser makes of it, in a fraction of the time; of everything else, right or wrong, it makes nothing.
 */
final class PlainJson {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    // all less than what the general parser takes
    private static final int DEEPEST = 16;
    private static final int LONGEST = 1 << 16;
    private static final int LONGEST_NAME = 1 << 10;
    private static final int MOST_DIGITS = 18;

    private final String text;
    private int at;

    private PlainJson(String text) {
        this.text = text;
    }

    /** The value that is all of a text; null when it is not in the plain form. */
    static @Nullable JsonNode read(String text) {
        int length = text.length();
        if (length > LONGEST) {
            return null;
        }
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c == '\\') {
                return null;
            }
        }
        PlainJson reader = new PlainJson(text);
        JsonNode value = reader.value(0);
        return reader.next() == 0 ? value : null;
    }

    /** The next character behind blanks, which is not passed; 0 at the end. */
    private char next() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c != ' ') {
                return c;
            }
            at++;
        }
        return 0;
    }

    private @Nullable JsonNode value(int depth) {
        char first = next();
        if (first == '"') {
            String string = string(LONGEST);
            return string == null ? null : NODES.textNode(string);
        }
        if (first == '{') {
            return object(depth + 1);
        }
        if (first == '[') {
            return array(depth + 1);
        }
        if (first >= '0' && first <= '9') {
            return number();
        }
        return word(first);
    }

    private @Nullable JsonNode word(char first) {
        if (first == 'n' && word("null")) {
            return NODES.nullNode();
        }
        boolean yes = first == 't' && word("true");
        return yes || (first == 'f' && word("false")) ? NODES.booleanNode(yes) : null;
    }

    private @Nullable ObjectNode object(int depth) {
        if (depth > DEEPEST) {
            return null;
        }
        ObjectNode object = NODES.objectNode();
        at++;
        if (next() == '}') {
            at++;
            return object;
        }
        while (next() == '"') {
            String name = string(LONGEST_NAME);
            if (name == null || next() != ':') {
                return null;
            }
            at++;
            JsonNode value = value(depth);
            if (value == null || object.replace(name, value) != null) {
                return null;
            }
            char end = next();
            at++;
            if (end == '}') {
                return object;
            }
            if (end != ',') {
                return null;
            }
        }
        return null;
    }

    private @Nullable ArrayNode array(int depth) {
        if (depth > DEEPEST) {
            return null;
        }
        ArrayNode array = NODES.arrayNode();
        at++;
        if (next() == ']') {
            at++;
            return array;
        }
        while (true) {
            JsonNode value = value(depth);
            if (value == null) {
                return null;
            }
            array.add(value);
            char end = next();
            at++;
            if (end != ',') {
                return end == ']' ? array : null;
            }
        }
    }

    private @Nullable String string(int longest) {
        int end = text.indexOf('"', at + 1);
        if (end < 0 || end - at > longest) {
            return null;
        }
        String string = text.substring(at + 1, end);
        at = end + 1;
        return string;
    }

    private boolean word(String word) {
        boolean there = text.startsWith(word, at);
        at += word.length();
        char behind = at < text.length() ? text.charAt(at) : 0;
        return there && (behind == 0 || behind == ' ' || behind == ',' || behind == '}' || behind == ']');
    }

    private @Nullable JsonNode number() {
        int first = at;
        long number = 0;
        char c = text.charAt(at);
        while (c >= '0' && c <= '9') {
            number = 10 * number + (c - '0');
            at++;
            c = at < text.length() ? text.charAt(at) : 0;
        }
        boolean plain = c == 0 || c == ' ' || c == ',' || c == '}' || c == ']';
        if (!plain || at - first > MOST_DIGITS || (at - first > 1 && text.charAt(first) == '0')) {
            return null;
        }
        return number <= Integer.MAX_VALUE ? NODES.numberNode((int) number) : NODES.numberNode(number);
    }
}
