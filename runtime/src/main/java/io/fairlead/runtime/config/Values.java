package io.fairlead.runtime.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parsers for the kinds of values that keys have. */
public final class Values {
    /** "true" or "false", nothing else. */
    public static final ValueParser<Boolean> BOOLEAN = Values::bool;
    /** Any text that is not empty. */
    public static final ValueParser<String> TEXT = Values::text;
    /** Any text, also none. */
    public static final ValueParser<String> ANY_TEXT = text -> text;
    /** As Go writes durations: "15m", "2s", "1h30m", "250ms"; "0" is none. Never negative. */
    public static final ValueParser<Duration> DURATION = Values::duration;
    /** "host:port". */
    public static final ValueParser<HostPort> HOST_PORT = HostPort::parse;

    private static final Pattern DURATION_FORM = Pattern.compile("([0-9]{1,9}(ns|us|ms|s|m|h))+");
    private static final Pattern DURATION_PART = Pattern.compile("([0-9]+)(ns|us|ms|s|m|h)");

    private Values() {}

    /** A whole number from {@code min} to {@code max}. */
    public static ValueParser<Integer> integer(int min, int max) {
        return text -> {
            IllegalArgumentException bad =
                    new IllegalArgumentException("(expected: a whole number, " + min + " to " + max + ")");
            if (!text.matches("-?[0-9]{1,10}")) {
                throw bad;
            }
            long value = Long.parseLong(text);
            if (value < min || value > max) {
                throw bad;
            }
            return (int) value;
        };
    }

    /** One of some words. */
    public static ValueParser<String> oneOf(String... words) {
        List<String> allowed = List.of(words);
        return text -> {
            if (!allowed.contains(text)) {
                throw new IllegalArgumentException("(expected: " + String.join(", ", allowed) + ")");
            }
            return text;
        };
    }

    /** Values separated by commas; the empty text is no value at all. Arguments given again add to the list. */
    public static <T> ValueParser<List<T>> listOf(ValueParser<? extends T> item) {
        return new Joining<>() {
            @Override
            public List<T> parse(String text) {
                List<T> items = new ArrayList<>();
                for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
                    items.add(item.parse(part.strip()));
                }
                return List.copyOf(items);
            }
        };
    }

    /**
     * Options "name=value,name=value", or the same as a JSON object. A comma in a value is part of it when no known
     * name follows.
     */
    public static ValueParser<Map<String, String>> options(String... names) {
        return new OptionsParser(new TreeSet<>(Arrays.asList(names)));
    }

    private static boolean bool(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("(expected: true or false)");
        };
    }

    private static String text(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("(expected: some text)");
        }
        return text;
    }

    private static Duration duration(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        if (!DURATION_FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("(expected: a duration such as 15m, 2s, 250ms or 1h30m)");
        }
        Duration sum = Duration.ZERO;
        Matcher parts = DURATION_PART.matcher(text);
        while (parts.find()) {
            long n = Long.parseLong(parts.group(1));
            sum = sum.plus(
                    switch (parts.group(2)) {
                        case "h" -> Duration.ofHours(n);
                        case "m" -> Duration.ofMinutes(n);
                        case "s" -> Duration.ofSeconds(n);
                        case "ms" -> Duration.ofMillis(n);
                        case "us" -> Duration.ofNanos(n * 1000);
                        default -> Duration.ofNanos(n);
                    });
        }
        return sum;
    }

    private interface Joining<T> extends ValueParser<T> {
        @Override
        default boolean joins() {
            return true;
        }
    }

    private record OptionsParser(Set<String> names) implements Joining<Map<String, String>> {
        @Override
        public Map<String, String> parse(String text) {
            Map<String, String> found = new LinkedHashMap<>();
            String last = "";
            for (String part : unwrapJson(text).split(",", -1)) {
                int equals = part.indexOf('=');
                String name = equals < 0 ? "" : part.substring(0, equals).strip();
                if (names.contains(name)) {
                    if (found.put(name, part.substring(equals + 1).strip()) != null) {
                        throw new IllegalArgumentException(name + " (expected: once)");
                    }
                    last = name;
                } else if (equals < 0 && !last.isEmpty()) {
                    found.merge(last, part.strip(), (a, b) -> a + "," + b);
                } else if (!part.isBlank()) {
                    throw new IllegalArgumentException("option: \"" + part.strip() + "\" (expected: name=value, names: "
                            + String.join(", ", names) + ")");
                }
            }
            return Map.copyOf(found);
        }

        private static String unwrapJson(String text) {
            if (!text.strip().startsWith("{")) {
                return text;
            }
            return JsonOptions.flatten(text);
        }
    }
}
