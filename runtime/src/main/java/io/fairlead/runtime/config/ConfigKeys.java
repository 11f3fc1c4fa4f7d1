package io.fairlead.runtime.config;

import io.fairlead.runtime.config.ConfigKey.Absence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The keys a process understands. Declared at start on one thread, then read once.
 *
 * <p>{@code --key=value} wins over {@code FAIRLEAD_KEY}, which wins over a file named after the key in {@code
 * --config-dir}, which wins over the YAML map in {@code --config}.
 */
public final class ConfigKeys {
    private final String process;
    private final String purpose;
    // owned by: the thread that declares and reads
    private final Map<String, ConfigKey<?>> keys = new TreeMap<>();
    private final Map<String, String> aliases = new TreeMap<>();
    private final List<Check> checks = new ArrayList<>();

    /** What must hold of several keys together, once each of them could be read. */
    private record Check(List<ConfigKey<?>> of, Function<Config, List<String>> mistakes) {}

    /**
     * No keys yet.
     *
     * @param process name of the program, for the help text
     * @param purpose what it does, in a line
     */
    public ConfigKeys(String process, String purpose) {
        this.process = process;
        this.purpose = purpose;
    }

    /** Declares a key with a default. */
    public <T> ConfigKey<T> add(String name, ValueParser<? extends T> parser, String defaultText, String description) {
        return declare(new ConfigKey<>(name, parser, new Absence.DefaultText<>(defaultText), description));
    }

    /** Declares a key that must be given. */
    public <T> ConfigKey<T> required(String name, ValueParser<? extends T> parser, String description) {
        return declare(new ConfigKey<>(name, parser, new Absence.Refused<>(), description));
    }

    /** Declares a key that may be left out; an empty value leaves it out as well. */
    public <T> ConfigKey<Optional<T>> optional(String name, ValueParser<? extends T> parser, String description) {
        ValueParser<Optional<T>> wrapped = text -> text.isEmpty() ? Optional.empty() : Optional.of(parser.parse(text));
        return declare(new ConfigKey<>(name, wrapped, new Absence.DefaultValue<>(Optional.empty()), description));
    }

    /** Lets a key be written another way as well; giving both is a mistake unless they say the same. */
    public void alias(ConfigKey<?> key, String other) {
        refuseTwice(other);
        aliases.put(other, key.name());
    }

    /**
     * Looks at values together, so that what does not fit is reported with all other mistakes.
     *
     * @param of keys that were declared; the check is left out when one of them cannot be read
     * @param mistakes one line each, naming key, value and expectation; none when all is well
     */
    public void check(List<ConfigKey<?>> of, Function<Config, List<String>> mistakes) {
        checks.add(new Check(List.copyOf(of), mistakes));
    }

    /** True when the arguments ask for {@link #help} instead of a start. */
    public static boolean helpWanted(String... args) {
        List<String> all = List.of(args);
        return all.contains("--help") || all.contains("-h");
    }

    /** All keys with defaults and descriptions, for people. */
    public String help() {
        StringBuilder text = new StringBuilder(process + ": " + purpose + "\n\n");
        text.append("Each key: --key=value, or ").append(Sources.ENV_PREFIX).append("KEY in the environment, ");
        text.append("or a file of that name in --config-dir=DIR, or an entry of --config=FILE.yaml.\n\n");
        for (ConfigKey<?> key : keys.values()) {
            text.append("  --").append(key.name());
            String other = key.defaultText();
            if (key.required()) {
                text.append(" (required)");
            } else if (other != null) {
                text.append(" (default ")
                        .append(other.isEmpty() ? "\"\"" : other)
                        .append(')');
            }
            text.append("\n      ").append(key.description());
            aliases.forEach((alias, name) -> {
                if (name.equals(key.name())) {
                    text.append("\n      also: --").append(alias);
                }
            });
            text.append('\n');
        }
        return text.toString();
    }

    /**
     * Reads every declared key.
     *
     * @throws ConfigException with all mistakes
     */
    public Config read(String[] args, Map<String, String> environment) {
        List<String> mistakes = new ArrayList<>();
        Map<String, Sources.Given> given = new Sources(keys, aliases, mistakes).read(List.of(args), environment);
        Map<ConfigKey<?>, Object> values = new HashMap<>();
        List<Config.Setting> settings = new ArrayList<>();
        for (ConfigKey<?> key : keys.values()) {
            Sources.@Nullable Given source = given.get(key.name());
            Object value = source == null ? absent(key, mistakes) : parse(key, source, mistakes);
            if (value != null) {
                values.put(key, value);
            }
            String fallback = key.defaultText();
            settings.add(
                    source != null
                            ? new Config.Setting(key.name(), source.text(), source.origin())
                            : new Config.Setting(key.name(), fallback == null ? "" : fallback, "default"));
        }
        Config config = new Config(values, settings);
        for (Check check : checks) {
            if (values.keySet().containsAll(check.of())) {
                mistakes.addAll(check.mistakes().apply(config));
            }
        }
        if (!mistakes.isEmpty()) {
            throw new ConfigException(mistakes);
        }
        return config;
    }

    private <T> ConfigKey<T> declare(ConfigKey<T> key) {
        refuseTwice(key.name());
        keys.put(key.name(), key);
        return key;
    }

    private void refuseTwice(String name) {
        if (keys.containsKey(name) || aliases.containsKey(name) || Sources.OWN_KEYS.contains(name)) {
            throw new IllegalArgumentException("configuration key: " + name + " (expected: declared once)");
        }
    }

    private static <T> @Nullable T absent(ConfigKey<T> key, List<String> mistakes) {
        Absence<T> absence = key.absence();
        if (absence instanceof Absence.DefaultText<T> d) {
            return parse(key, new Sources.Given(d.text(), "default"), mistakes);
        }
        if (absence instanceof Absence.DefaultValue<T> d) {
            return d.value();
        }
        mistakes.add(key.name() + ": missing (expected: " + key.description() + ")");
        return null;
    }

    private static <T> @Nullable T parse(ConfigKey<T> key, Sources.Given given, List<String> mistakes) {
        try {
            return key.parser().parse(given.text());
        } catch (IllegalArgumentException e) {
            String said = String.valueOf(e.getMessage());
            int expected = said.indexOf("(expected:");
            boolean repeats = expected == 0 || (expected > 0 && said.contains('"' + given.text() + '"'));
            String reason = repeats ? " " + said.substring(expected) : ": " + said;
            mistakes.add(key.name() + ": \"" + given.text() + "\" from " + given.origin() + reason);
            return null;
        }
    }
}
