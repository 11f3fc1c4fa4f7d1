package io.fairlead.node.monitor;

import io.fairlead.node.kernel.bpf.SettingsMap;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A kind of event, as {@code fairlead monitor --type} names it. */
public enum EventType {
    DROP("drop", SettingsMap.Event.DROP),
    DEBUG("debug", SettingsMap.Event.DEBUG),
    CAPTURE("capture", SettingsMap.Event.CAPTURE),
    TRACE("trace", SettingsMap.Event.TRACE),
    POLICY_VERDICT("policy-verdict", SettingsMap.Event.POLICY_VERDICT),
    /** What the agent tells of itself. */
    AGENT("agent", null);

    private final String text;
    private final Optional<SettingsMap.Event> datapath;

    EventType(String text, SettingsMap.@Nullable Event datapath) {
        this.text = text;
        this.datapath = Optional.ofNullable(datapath);
    }

    public String text() {
        return text;
    }

    /** What the datapath has to write for it; empty when it is not the datapath's. */
    public Optional<SettingsMap.Event> datapath() {
        return datapath;
    }

    /** @throws IllegalArgumentException naming the text and the types there are */
    public static EventType parse(String text) {
        return Arrays.stream(values())
                .filter(type -> type.text.equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("type: \"" + text + "\" (expected: one of "
                        + Arrays.stream(values()).map(EventType::text).collect(Collectors.joining(", ")) + ")"));
    }
}
