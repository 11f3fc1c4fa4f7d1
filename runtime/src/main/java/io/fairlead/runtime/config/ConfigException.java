package io.fairlead.runtime.config;

import java.util.List;

/** Every mistake of a configuration: the message has one line for each. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient List<String> mistakes;

    public ConfigException(List<String> mistakes) {
        super(String.join("\n", mistakes));
        this.mistakes = List.copyOf(mistakes);
    }

    /** One line each, naming key, value and expectation. */
    public List<String> mistakes() {
        return mistakes;
    }
}
