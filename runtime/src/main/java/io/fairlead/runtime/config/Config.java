package io.fairlead.runtime.config;

import java.util.List;
import java.util.Map;

/** What a process was told: a value for every declared key. */
public final class Config {
    private final Map<ConfigKey<?>, Object> values;
    private final List<Setting> settings;

    Config(Map<ConfigKey<?>, Object> values, List<Setting> settings) {
        this.values = Map.copyOf(values);
        this.settings = List.copyOf(settings);
    }

    /**
     * The value of a key as text, and where it came from.
     *
     * @param key its name
     * @param text as given; empty when there is none
     * @param origin such as "--debug", "FAIRLEAD_DEBUG", "/etc/fairlead/debug" or "default"
     */
    public record Setting(String key, String text, String origin) {}

    /**
     * The value of a key.
     *
     * @throws IllegalArgumentException when the key was not declared where this was read
     */
    @SuppressWarnings("unchecked") // ConfigKeys.read put in what the key's own parser or default gave
    public <T> T get(ConfigKey<T> key) {
        Object value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException(
                    "configuration key: " + key + " (expected: one declared before reading)");
        }
        return (T) value;
    }

    /** All values for people, sorted by key. */
    public List<Setting> effective() {
        return settings;
    }
}
